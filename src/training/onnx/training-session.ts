/**
 * Runs a training graph: holds the parameters and Adam's moments between calls, and counts the steps. Each call of
 * `train` makes as many steps as it is given batches. `state` and `restore` take a run out and in again, whole.
 *
 * A thread cannot be ended while it is in native code, so no call of the runtime shall take long: `train` makes its steps
 * in several where they are slow (see pace.ts). How they are divided changes no byte of what comes of them.
 */
import { CancelledError, InputError } from '../../errors';
import { Pace } from './pace';
import { Random } from './random';
import { type Feed, Session, type SessionOptions } from './session';
import {
  BATCHES,
  LEARNING_RATE,
  LOSSES,
  NOISE,
  NOISE_PLACES,
  NOISE_STARTS,
  nextName,
  type RowShape,
  rowShape,
  STEPS,
  STEPS_DONE,
  stateNames,
  type TrainingGraph,
  type TrainingGraphOptions,
  trainingGraph,
} from './training-graph';

export type Table = Feed['data'];
export type Tables = Readonly<Record<string, Table>>;

/** The parameters and Adam's moments, by name: all that a run needs to go on, with the number of its steps. */
export type TrainingState = Readonly<Record<string, Float32Array>>;

export interface TrainingSessionOptions extends SessionOptions {
  /** Looked at between calls of the runtime. */
  readonly signal?: AbortSignal;
}

/** Seeds of the pool of noise and of where steps take from it, apart from each other. */
const POOL_STREAM = 0x5eed_0010;
const PLACE_STREAM = 0x5eed_0011;

export class TrainingSession {
  private stepsDone = 0;
  private readonly held: Map<string, Feed>;
  private readonly noise: Readonly<Record<string, Feed>>;
  private tables: Readonly<Record<string, Feed>>;
  private readonly pace = new Pace();

  private constructor(
    private readonly session: Session,
    private readonly options: TrainingGraphOptions,
    private readonly graph: Pick<TrainingGraph, 'draws' | 'largestDraw'>,
    tables: Tables,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.tables = feeds(options.tables, tables);
    this.held = new Map(
      options.parameters.flatMap(({ name, shape, initial }) =>
        stateNames(name).map((state, i): [string, Feed] => [
          state,
          { dims: shape, data: i === 0 ? initial.slice() : new Float32Array(initial.length) },
        ]),
      ),
    );
    this.noise = graph.draws === 0 ? {} : { [NOISE]: noisePool(this.seed, graph.largestDraw) };
  }

  /** @param tables row-major values of each table that the options name, of any number of rows */
  static async open(
    options: TrainingGraphOptions,
    tables: Tables,
    { signal, ...sessionOptions }: TrainingSessionOptions = {},
  ): Promise<TrainingSession> {
    const graph = trainingGraph(options);
    return new TrainingSession(await Session.open(graph.model, sessionOptions), options, graph, tables, signal);
  }

  /**
   * @param batches (steps, batchSize), row numbers of the tables
   * @param learningRate of this call's steps
   * @param given (steps, …) of each thing that the options say comes with a step
   * @returns the loss of each step, before the step was taken
   * @throws CancelledError once the session's signal says so; it has made some of the steps then
   */
  async train(batches: Int32Array, learningRate: number, given: Tables = {}): Promise<Float32Array> {
    const steps = batches.length / this.options.batchSize;
    const losses = new Float32Array(steps);
    for (let from = 0; from < steps; ) {
      if (this.signal?.aborted) throw new CancelledError('Training');
      const count = this.pace.next(steps - from);
      const part = <Values extends Table>(values: Values) => partOf(values, steps, from, from + count);
      const givenThen = Object.fromEntries(Object.entries(given).map(([name, values]) => [name, part(values)]));
      losses.set(await this.pace.during(count, () => this.call(part(batches), learningRate, givenThen)), from);
      from += count;
    }
    return losses;
  }

  /** One call of the runtime. */
  private async call(batches: Int32Array, learningRate: number, given: Tables): Promise<Float32Array> {
    const { batchSize } = this.options;
    const steps = batches.length / batchSize;
    const names = [...this.held.keys()];
    const results = await this.session.run(
      {
        ...this.tables,
        ...feeds(this.options.given ?? {}, given),
        ...this.noise,
        ...this.noiseStarts(steps),
        ...Object.fromEntries(this.held),
        [STEPS]: { dims: [], data: BigInt64Array.of(BigInt(steps)) },
        [STEPS_DONE]: { dims: [], data: Float32Array.of(this.stepsDone) },
        [LEARNING_RATE]: { dims: [], data: Float32Array.of(learningRate) },
        [BATCHES]: { dims: [steps, batchSize], data: batches },
      },
      [...names.map(nextName), LOSSES],
    );
    for (const name of names) this.held.set(name, { dims: this.held.get(name)!.dims, data: results[nextName(name)] });
    this.stepsDone += steps;
    return results[LOSSES];
  }

  /** Other rows to learn from, such as an epoch's own slices. */
  setTables(tables: Tables): void {
    this.tables = feeds(this.options.tables, tables);
  }

  get steps(): number {
    return this.stepsDone;
  }

  /** The parameters as they are now, by name. */
  values(): Map<string, Float32Array> {
    return new Map(this.options.parameters.map(({ name }) => [name, this.held.get(name)!.data as Float32Array]));
  }

  /** Everything that `restore` wants back. The arrays are the session's own until its next step: write or copy them. */
  state(): TrainingState {
    return Object.fromEntries([...this.held].map(([name, { data }]) => [name, data as Float32Array]));
  }

  /** How many numbers each array of `state` has. */
  stateLengths(): Record<string, number> {
    return Object.fromEntries([...this.held].map(([name, { data }]) => [name, data.length]));
  }

  /** Goes on from there: the steps that follow are those that would have followed. */
  restore(state: TrainingState, steps: number): void {
    for (const [name, { dims, data }] of this.held) {
      const restored = state[name];
      if (restored?.length !== data.length)
        throw new InputError(name, `The state has ${restored?.length ?? 'no'} numbers where ${data.length} belong.`, {
          remedy: 'Restore the state of a session with the same parameters.',
        });
      this.held.set(name, { dims, data: restored.slice() });
    }
    this.stepsDone = steps;
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private get seed(): number {
    return this.options.seed ?? 1;
  }

  /** Where each step takes its noise: of its seed and number alone, so that calls may be cut anywhere. */
  private noiseStarts(steps: number): Record<string, Feed> {
    const { draws } = this.graph;
    if (draws === 0) return {};
    const starts = new BigInt64Array(steps * draws);
    for (let step = 0; step < steps; step++) {
      const random = new Random(this.seed ^ PLACE_STREAM ^ Math.imul(this.stepsDone + step + 1, 0x9e37_79b1));
      for (let draw = 0; draw < draws; draw++) starts[step * draws + draw] = BigInt(random.below(NOISE_PLACES));
    }
    return { [NOISE_STARTS]: { dims: [steps, draws], data: starts } };
  }
}

/** What belongs to the steps from `from` to before `to`, in memory of its own unless these are all. */
function partOf<Values extends Table>(values: Values, steps: number, from: number, to: number): Values {
  const each = values.length / steps;
  return from === 0 && to === steps ? values : (values.slice(from * each, to * each) as Values);
}

function feeds(shapes: Readonly<Record<string, RowShape>>, tables: Tables): Record<string, Feed> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]): [string, Feed] => {
      const { row } = rowShape(shape);
      const rowSize = row.reduce((size, dimension) => size * dimension, 1);
      return [name, { data: tables[name], dims: [tables[name].length / rowSize, ...row] }];
    }),
  );
}

function noisePool(seed: number, largestDraw: number): Feed {
  const random = new Random(seed ^ POOL_STREAM);
  const data = new Float32Array(NOISE_PLACES + largestDraw);
  // Rounding to single precision could make 1 of a number just below it: 24 bits are exact.
  for (let i = 0; i < data.length; i++) data[i] = (random.next() >>> 8) / 2 ** 24;
  return { dims: [data.length], data };
}
