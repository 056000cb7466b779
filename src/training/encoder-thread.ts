/**
 * Runs encoders (encoders.ts) in one thread of their own, so that the thread which serves waits for none of them: neither
 * for a network nor for a large model's tables to be read. The thread starts with the first model and ends with `stop`, or
 * when it fails; the next use then starts another, which has no models open. Whose fault that was is told to whoever opens
 * models, so that one which is too large does not end one thread after the other.
 */
import { join } from 'node:path';
import type { ResourceLimits, Worker } from 'node:worker_threads';
import { CancelledError, KindredError } from '../errors';
import { startThread } from '../threads';
import type { Artifacts } from './encoders';
import { NativeCalls } from './native-calls';
import type { SequenceEvent } from './sequence2vec/event-sequences';
import { type ErrorDescription, reviveError } from './thread-errors';

/** What an encoder may be able to do; see `Encoder`. */
export const ABILITIES = ['sequence', 'contexts', 'next', 'text'] as const;
export type Ability = (typeof ABILITIES)[number];

/** One sequence, as it comes: in the order of time, or of the list where times are equal. */
export interface EncoderEvents {
  readonly events: readonly Omit<SequenceEvent, 'key'>[];
  /** Names of the events' categories, in the order in which events give them. */
  readonly categoryNames: readonly string[];
}

export type EncoderQuestion =
  | { readonly ability: 'sequence' | 'contexts' | 'next'; readonly sequence: EncoderEvents }
  | { readonly ability: 'text'; readonly text: string };

export interface EncoderAnswer {
  /** Length of one vector. */
  readonly dimension: number;
  /** One vector; of `contexts` one a known event. Empty where nothing of the question is known. */
  readonly vectors: Float32Array;
  /** Places of the events that the model knows, in the order of their vectors. */
  readonly known: Int32Array;
}

export type ToEncoders =
  | {
      readonly kind: 'open';
      readonly call: number;
      readonly id: string;
      readonly trainer: string;
      readonly artifacts: Artifacts;
    }
  | { readonly kind: 'ask'; readonly call: number; readonly id: string; readonly question: EncoderQuestion }
  | { readonly kind: 'close'; readonly call: number; readonly id: string }
  /** Ends the thread once what was asked before is answered. */
  | { readonly kind: 'stop' };

export type FromEncoders =
  | { readonly kind: 'done'; readonly call: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly call: number; readonly error: ErrorDescription };

/** How long questions under way may take to be answered before a thread that was stopped is ended. */
const GRACE_MILLIS = 2000;
/** How often one that is in native code is looked after: it must come out of it before its thread can be ended. */
const NATIVE_CALL_MILLIS = 20;

/** How a thread ended by itself. */
export interface ThreadEnd {
  /** Ids of the models that it was opening then, or where there is none, of those that it was asked about. */
  readonly suspects: readonly string[];
  readonly outOfMemory: boolean;
  readonly cause?: Error;
}

interface Call {
  readonly kind: 'open' | 'ask' | 'close';
  readonly id: string;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class EncoderThread {
  private worker?: Worker;
  private nativeCalls = new NativeCalls();
  private stopped = false;
  private readonly calls = new Map<number, Call>();
  private lastCall = 0;

  /**
   * @param onEnd told that the thread ended by itself, and all its models with it
   * @param limits of the thread's memory. @default Node's own
   */
  constructor(
    private readonly onEnd: (end: ThreadEnd) => void,
    private readonly limits?: ResourceLimits,
  ) {}

  /**
   * @param artifacts buffers that they fill wholly are handed over: they are empty here afterwards
   * @returns what the model's encoder can do
   * @throws KindredError BAD_USER_INPUT where the trainer makes no encoders, MODEL_TOO_LARGE where memory does not suffice,
   *   ENCODER_FAILED where the thread ends before it has; what its loader throws
   */
  open(id: string, trainer: string, artifacts: Artifacts): Promise<Ability[]> {
    const buffers = Object.values(artifacts)
      .filter(({ buffer, byteLength }) => buffer instanceof ArrayBuffer && buffer.byteLength === byteLength)
      .map(({ buffer }) => buffer as ArrayBuffer);
    return this.call('open', id, (call) => ({ kind: 'open', call, id, trainer, artifacts }), buffers);
  }

  /** @throws what the encoder throws; KindredError BAD_USER_INPUT for what it cannot do; as `open` where the thread ends */
  ask(id: string, question: EncoderQuestion): Promise<EncoderAnswer> {
    return this.call('ask', id, (call) => ({ kind: 'ask', call, id, question }));
  }

  /** Once what was asked of it before is answered. */
  close(id: string): Promise<void> {
    return this.call('close', id, (call) => ({ kind: 'close', call, id }));
  }

  /** Once what is under way was answered; what takes too long is refused. */
  async stop(): Promise<void> {
    const { worker, nativeCalls } = this;
    this.stopped = true;
    this.worker = undefined;
    if (!worker) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage({ kind: 'stop' } satisfies ToEncoders);
    const end = (): void => {
      if (nativeCalls.forbid()) void worker.terminate();
      else grace = setTimeout(end, NATIVE_CALL_MILLIS);
    };
    let grace = setTimeout(end, GRACE_MILLIS);
    await ended;
    clearTimeout(grace);
  }

  private call<Result>(
    kind: Call['kind'],
    id: string,
    message: (call: number) => ToEncoders,
    transfer: ArrayBuffer[] = [],
  ): Promise<Result> {
    if (this.stopped) return Promise.reject(cancelled());
    const call = ++this.lastCall;
    return new Promise((resolve, reject) => {
      this.calls.set(call, { kind, id, resolve: resolve as Call['resolve'], reject });
      this.worker ??= this.start();
      this.worker.postMessage(message(call), transfer);
    });
  }

  private start(): Worker {
    this.nativeCalls = new NativeCalls();
    const worker = startThread(join(__dirname, 'encoder.worker'), {
      workerData: this.nativeCalls.memory,
      resourceLimits: this.limits,
    });
    let cause: Error | undefined;
    worker.on('message', (message: FromEncoders) => {
      const call = this.calls.get(message.call);
      this.calls.delete(message.call);
      if (message.kind === 'done') call?.resolve(message.result);
      else call?.reject(reviveError(message.error, 'Encoding'));
    });
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      this.worker = undefined;
      const calls = [...this.calls.values()];
      this.calls.clear();
      if (this.stopped) {
        for (const call of calls) call.reject(cancelled());
        return;
      }
      const end = endOf(calls, cause);
      // First, so that who asks again because of the error below finds it known.
      this.onEnd(end);
      for (const call of calls) call.reject(problemOf(call.id, end));
    });
    return worker;
  }
}

function cancelled(): KindredError {
  return new CancelledError('Encoding');
}

function endOf(calls: readonly Call[], cause: Error | undefined): ThreadEnd {
  const of = (kind: Call['kind']) => [...new Set(calls.filter((call) => call.kind === kind).map(({ id }) => id))];
  const opening = of('open');
  return {
    suspects: opening.length > 0 ? opening : of('ask'),
    outOfMemory: (cause as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY',
    cause,
  };
}

/** What whoever waited for a model is told: that it is too large, where it alone can be what took the memory. */
export function problemOf(id: string, { suspects, outOfMemory, cause }: ThreadEnd): KindredError {
  if (outOfMemory && suspects.length === 1 && suspects[0] === id) return tooLarge(id, cause);
  return new KindredError('ENCODER_FAILED', `The thread of encoders ended${cause ? `: ${cause.message}` : '.'}`, {
    remedy: 'Ask again: that starts it anew. If it goes on, give Node more memory or train a smaller model.',
    facts: { modelId: id, suspects },
    cause,
    retriable: true,
  });
}

/** Of a model that takes more memory than there is. */
export function tooLarge(id: string, cause: unknown): KindredError {
  return new KindredError('MODEL_TOO_LARGE', `Model "${id}" takes more memory than there is to answer with.`, {
    remedy:
      'Give Node more (NODE_OPTIONS=--max-old-space-size=8192), or train a smaller one: a lower dimension, a higher minCount.',
    facts: { modelId: id },
    cause,
  });
}
