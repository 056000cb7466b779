/** The one door to onnxruntime-node: opens a graph and runs it on the calling thread, which `run` blocks. */
import { InferenceSession, Tensor as Values } from 'onnxruntime-node';
import { nativeCall } from '../native-calls';
import type { ElementType } from './protobuf';

export interface Feed {
  readonly dims: readonly number[];
  /** Memory of its own (not shared with other threads); it is read in place, not copied. */
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

export interface SessionOptions {
  /** Threads inside one op. With 1 the same feeds give the same bytes. @default 1 */
  readonly threads?: number;
}

export class Session {
  private closed = false;

  private constructor(private readonly inner: InferenceSession) {}

  static async open(model: Uint8Array, { threads = 1 }: SessionOptions = {}): Promise<Session> {
    const opening = () =>
      InferenceSession.create(model, {
        executionProviders: ['cpu'],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        extra: {
          session: {
            // Threads that wait for the next op by spinning would take the cores of whoever else works here.
            intra_op: { allow_spinning: '0' },
          },
        },
      });
    return new Session(await nativeCall(opening));
  }

  /** @returns the outputs asked for, each in memory of its own */
  async run(feeds: Readonly<Record<string, Feed>>, outputs: readonly string[]): Promise<Record<string, Float32Array>> {
    const values = Object.fromEntries(
      Object.entries(feeds).map(([name, { data, dims }]) => [name, new Values(typeOf(data), data, dims)]),
    );
    const results = await nativeCall(() => this.inner.run(values, outputs));
    return Object.fromEntries(outputs.map((name) => [name, results[name].data as Float32Array]));
  }

  /** Twice without harm. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.inner.release();
  }
}

function typeOf(data: Feed['data']): Exclude<ElementType, 'bool'> {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof Int32Array ? 'int32' : 'int64';
}
