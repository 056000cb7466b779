/** The loss on held-out rows after each epoch: keeps the best parameters, and says when training should stop. */
import { Session } from '../onnx/session';
import { evaluationGraph, INPUT, type Network, RECONSTRUCTION } from './network';
import type { AutoencoderOptions } from './options';

const ROWS_PER_CALL = 8192;

export class Validation {
  private bestValues?: ReadonlyMap<string, Float32Array>;
  private bestLoss = Number.POSITIVE_INFINITY;
  private bestEpoch = 0;
  private lastLoss = Number.NaN;
  private lastEpoch = 0;

  private constructor(
    private readonly net: Network,
    private readonly options: AutoencoderOptions,
    private readonly rows: Float32Array,
    private readonly session: Session,
  ) {}

  /** @param rows (rows, columns), standardised; none means that there is nothing to judge by */
  static async open(net: Network, options: AutoencoderOptions, rows: Float32Array): Promise<Validation> {
    return new Validation(net, options, rows, await Session.open(evaluationGraph(net), { threads: options.threads }));
  }

  async judge(values: ReadonlyMap<string, Float32Array>, epoch: number): Promise<void> {
    if (this.rows.length === 0) return;
    this.lastEpoch = epoch;
    this.lastLoss = await this.loss(values);
    if (!(this.lastLoss < this.bestLoss)) return;
    this.bestLoss = this.lastLoss;
    this.bestEpoch = epoch;
    this.bestValues = values;
  }

  /** Whether `patience` epochs have gone by without a better loss. */
  get isExhausted(): boolean {
    return this.options.patience > 0 && this.lastEpoch - this.bestEpoch >= this.options.patience;
  }

  /** The parameters of the best epoch; undefined where training does not stop early and the last ones count. */
  get best(): ReadonlyMap<string, Float32Array> | undefined {
    return this.options.patience > 0 ? this.bestValues : undefined;
  }

  get facts(): Record<string, number> {
    if (this.rows.length === 0) return {};
    return this.options.patience > 0
      ? { validationLoss: this.bestLoss, bestEpoch: this.bestEpoch }
      : { validationLoss: this.lastLoss };
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async loss(values: ReadonlyMap<string, Float32Array>): Promise<number> {
    const { columns, parameters } = this.net;
    const feeds = Object.fromEntries(
      parameters.map(({ name, shape }) => [name, { data: values.get(name)!, dims: shape }]),
    );
    const perCall = ROWS_PER_CALL * columns;
    let sum = 0;
    for (let start = 0; start < this.rows.length; start += perCall) {
      const data = this.rows.slice(start, start + perCall);
      const input = { data, dims: [data.length / columns, columns] };
      const outputs = await this.session.run({ ...feeds, [INPUT]: input }, [RECONSTRUCTION]);
      for (let i = 0; i < data.length; i++) sum += this.lossOf(Math.abs(outputs[RECONSTRUCTION][i] - data[i]));
    }
    return sum / this.rows.length;
  }

  private lossOf(error: number): number {
    const { loss, huberDelta } = this.options;
    if (loss === 'mse') return error * error;
    return error <= huberDelta ? 0.5 * error * error : huberDelta * (error - huberDelta / 2);
  }
}
