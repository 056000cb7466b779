/**
 * Runs a training graph: holds the parameters and Adam's moments between calls, and counts the steps. Each call of
 * `train` makes as many steps as it is given batches.
 */
import type { Parameter } from './layers';
import { type Feed, Session, type SessionOptions } from './session';
import {
  BATCHES,
  LEARNING_RATE,
  LOSSES,
  nextName,
  STEPS,
  STEPS_DONE,
  stateNames,
  type TrainingGraphOptions,
  trainingGraph,
} from './training-graph';

export class TrainingSession {
  private stepsDone = 0;
  private readonly state: Map<string, Feed>;

  private constructor(
    private readonly session: Session,
    private readonly parameters: readonly Parameter[],
    private readonly tables: Readonly<Record<string, Feed>>,
    private readonly batchSize: number,
  ) {
    this.state = new Map(
      parameters.flatMap(({ name, shape, initial }) =>
        stateNames(name).map((state, i): [string, Feed] => [
          state,
          { dims: shape, data: i === 0 ? initial.slice() : new Float32Array(initial.length) },
        ]),
      ),
    );
  }

  /** @param tables row-major values of each table that the options name, of any number of rows */
  static async open(
    options: TrainingGraphOptions,
    tables: Readonly<Record<string, Float32Array>>,
    sessionOptions: SessionOptions = {},
  ): Promise<TrainingSession> {
    const feeds = Object.entries(options.tables).map(([name, row]): [string, Feed] => {
      const rowSize = row.reduce((size, dimension) => size * dimension, 1);
      return [name, { data: tables[name], dims: [tables[name].length / rowSize, ...row] }];
    });
    const session = await Session.open(trainingGraph(options), sessionOptions);
    return new TrainingSession(session, options.parameters, Object.fromEntries(feeds), options.batchSize);
  }

  /**
   * @param batches (steps, batchSize), row numbers of the tables
   * @returns the loss of each step, before the step was taken
   */
  async train(batches: Int32Array, learningRate: number): Promise<Float32Array> {
    const steps = batches.length / this.batchSize;
    const names = [...this.state.keys()];
    const results = await this.session.run(
      {
        ...this.tables,
        ...Object.fromEntries(this.state),
        [STEPS]: { dims: [], data: BigInt64Array.of(BigInt(steps)) },
        [STEPS_DONE]: { dims: [], data: Float32Array.of(this.stepsDone) },
        [LEARNING_RATE]: { dims: [], data: Float32Array.of(learningRate) },
        [BATCHES]: { dims: [steps, this.batchSize], data: batches },
      },
      [...names.map(nextName), LOSSES],
    );
    for (const name of names) this.state.set(name, { dims: this.state.get(name)!.dims, data: results[nextName(name)] });
    this.stepsDone += steps;
    return results[LOSSES];
  }

  get steps(): number {
    return this.stepsDone;
  }

  /** The parameters as they are now, by name. */
  values(): Map<string, Float32Array> {
    return new Map(this.parameters.map(({ name }) => [name, this.state.get(name)!.data as Float32Array]));
  }

  close(): Promise<void> {
    return this.session.close();
  }
}
