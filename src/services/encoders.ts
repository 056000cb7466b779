/**
 * The encoders that this process keeps ready: a few, each opened once for all who ask, from the artifacts in the store, in a
 * thread of their own. The one that was asked longest ago is closed for another; all are closed at shutdown.
 */
import type { ResourceLimits } from 'node:worker_threads';
import type { Model } from '../domain/model';
import { CancelledError, InputError, KindredError } from '../errors';
import type { Database } from '../stores/database';
import { readArtifacts } from '../stores/models';
import {
  type Ability,
  type EncoderAnswer,
  type EncoderQuestion,
  EncoderThread,
  problemOf,
  type ThreadEnd,
} from '../training/encoder-thread';

/** Models open at a time. Each takes about the memory of its artifacts. */
export const ENCODERS_KEPT = 4;
/** A model that could not be opened is tried again after this long: its bytes may have been restored from a copy. */
const UNFIT_FOR_MILLIS = 30_000;
/** One that ends the thread is refused for twice as long each time, but no longer than this. */
const UNFIT_FOR_AT_MOST_MILLIS = 3_600_000;

/** A model that is refused, or was at work when the thread ended. */
interface Unfit {
  readonly problem: unknown;
  /** Milliseconds; in the past for one that is not refused. */
  readonly until: number;
  /** Ends of the thread since it last answered. */
  readonly ends: number;
}

type Opening = Promise<ReadonlySet<Ability>>;

export class Encoders {
  /** In the order of their last use, by model id. */
  private readonly opened = new Map<string, Opening>();
  /** Questions under way, by model id: their models stay open. */
  private readonly asking = new Map<string, number>();
  /** Questions to models that are not open, while all that are have questions under way. */
  private readonly waiting: (() => void)[] = [];
  private readonly unfit = new Map<string, Unfit>();
  private readonly thread: EncoderThread;
  private closed = false;

  /** @param limits of the memory of the thread. @default Node's own */
  constructor(
    private readonly database: Database,
    limits?: ResourceLimits,
  ) {
    this.thread = new EncoderThread((end) => this.onThreadEnd(end), limits);
  }

  /**
   * @throws InputError where the model has no such answers; KindredError MODEL_CORRUPT, MODEL_TOO_LARGE, MODEL_NOT_FOUND,
   *   ENCODER_FAILED, CANCELLED
   */
  async ask(model: Model, question: EncoderQuestion): Promise<EncoderAnswer> {
    // Whoever asks many models at once must not have the memory of all of them taken.
    while (!this.hasRoomFor(model)) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.asking.set(model.id, (this.asking.get(model.id) ?? 0) + 1);
    try {
      const abilities = await this.open(model);
      if (!abilities.has(question.ability)) throw unable(model, question.ability, abilities);
      const answer = await this.thread.ask(model.id, question);
      this.unfit.delete(model.id);
      return answer;
    } finally {
      const others = this.asking.get(model.id)! - 1;
      if (others > 0) this.asking.set(model.id, others);
      else this.asking.delete(model.id);
      this.closeOldest();
      for (const wake of this.waiting.splice(0)) wake();
    }
  }

  private hasRoomFor({ id }: Model): boolean {
    return this.closed || this.asking.has(id) || this.asking.size < ENCODERS_KEPT;
  }

  /** Once what is under way has ended or was refused. Twice without harm. */
  async close(): Promise<void> {
    this.closed = true;
    this.opened.clear();
    await this.thread.stop();
  }

  private open(model: Model): Opening {
    if (this.closed) throw new CancelledError('Encoding');
    const failed = this.unfit.get(model.id);
    if (failed && this.isRefused(model.id)) throw failed.problem;
    const opening = this.opened.get(model.id) ?? this.start(model);
    // Last in the order of use.
    this.opened.delete(model.id);
    this.opened.set(model.id, opening);
    this.closeOldest();
    return opening;
  }

  private start(model: Model): Opening {
    const opening = this.load(model);
    opening.catch((problem: unknown) => {
      if (this.opened.get(model.id) === opening) this.opened.delete(model.id);
      if (isUnfit(problem) && !this.isRefused(model.id))
        this.unfit.set(model.id, { problem, until: Date.now() + UNFIT_FOR_MILLIS, ends: 0 });
    });
    return opening;
  }

  private isRefused(id: string): boolean {
    return (this.unfit.get(id)?.until ?? 0) > Date.now();
  }

  /** Whichever ends thread after thread is refused for a while, so that the others find one that lives. */
  private onThreadEnd(end: ThreadEnd): void {
    this.opened.clear();
    const { suspects, outOfMemory } = end;
    for (const id of suspects) {
      const ends = (this.unfit.get(id)?.ends ?? 0) + 1;
      // Where several were at work, or nobody knows why it ended, it may have been another's fault once, but hardly twice.
      const isGuilty = (outOfMemory && suspects.length === 1) || ends > 1;
      const millis = Math.min(UNFIT_FOR_AT_MOST_MILLIS, UNFIT_FOR_MILLIS * 2 ** (ends - 1));
      const problem = problemOf(id, isGuilty ? { ...end, suspects: [id] } : end);
      this.unfit.set(id, { problem, until: isGuilty ? Date.now() + millis : 0, ends });
    }
  }

  private async load({ id, trainer }: Model): Promise<ReadonlySet<Ability>> {
    const artifacts = await readArtifacts(this.database, id);
    if (this.closed) throw new CancelledError('Encoding');
    try {
      return new Set(await this.thread.open(id, trainer, artifacts));
    } catch (error) {
      const code = error instanceof KindredError ? error.code : undefined;
      if (code === 'BAD_USER_INPUT') throw unable({ id, trainer }, undefined, NOTHING);
      if (code !== undefined && code !== 'TRAINING_FAILED') throw error;
      // What a loader stumbled over.
      throw new KindredError('MODEL_CORRUPT', `Model "${id}" cannot be opened: ${(error as Error).message}`, {
        remedy: `Train ${trainer} again, and promote the new version.`,
        facts: { modelId: id },
        cause: error,
      });
    }
  }

  private closeOldest(): void {
    if (this.opened.size <= ENCODERS_KEPT) return;
    const idle = [...this.opened].find(([id]) => !this.asking.has(id));
    if (!idle) return;
    const [id, opening] = idle;
    this.opened.delete(id);
    const close = async (): Promise<void> => {
      if (!this.opened.has(id) && !this.closed) await this.thread.close(id);
    };
    // One that failed to open needs no closing, nor does one whose thread has ended meanwhile.
    opening.then(close).catch(() => undefined);
  }
}

const isUnfit = (problem: unknown): boolean =>
  problem instanceof KindredError && (problem.code === 'MODEL_CORRUPT' || problem.code === 'MODEL_TOO_LARGE');

const IN_WORDS: Readonly<Record<Ability, string>> = {
  sequence: 'vectors of sequences',
  contexts: 'a vector for each event in its context',
  next: 'what comes next',
  text: 'vectors of texts',
};

const NOTHING: ReadonlySet<Ability> = new Set();

function unable(
  { id, trainer }: Pick<Model, 'id' | 'trainer'>,
  ability: Ability | undefined,
  able: ReadonlySet<Ability>,
): KindredError {
  const wanted = ability ? IN_WORDS[ability] : 'vectors of what came after training';
  const others = [...able].map((each) => IN_WORDS[each]).join(', ');
  return new InputError('space', `Model "${id}" (${trainer}) does not give ${wanted}.`, {
    remedy: others
      ? `It gives ${others}: for the rest ask the space of another trainer.`
      : 'Ask the space of another trainer.',
  });
}
