/** The mean reciprocal rank of what was held back, after each epoch: keeps the best parameters, and says when to stop. */
import { Session } from '../../onnx/session';
import { historiesOf, historiesPerCall } from './histories';
import { HISTORY, LAST, type Network, RANKS, rankingGraph, TARGETS } from './network';
import type { LearnedSequences } from './sequences';

/** Numbers of (batch, things) that one call may make: 64 MB of scores. */
const SCORES_PER_CALL = 2 ** 24;

export type Values = ReadonlyMap<string, Float32Array>;

export interface Best {
  readonly epoch: number;
  readonly rank: number;
  readonly values: Values;
}

export class EarlyStopping {
  private constructor(
    private readonly net: Network,
    private readonly sequences: LearnedSequences,
    private readonly patience: number,
    private readonly session: Session | undefined,
    private best: Best | undefined,
  ) {}

  /** @param best what an interrupted run had found by then */
  static async open(
    net: Network,
    sequences: LearnedSequences,
    { patience, threads }: { patience: number; threads: number },
    best?: Best,
  ): Promise<EarlyStopping> {
    const session = patience > 0 ? await Session.open(rankingGraph(net), { threads }) : undefined;
    return new EarlyStopping(net, sequences, patience, session, best);
  }

  async judge(values: Values, epoch: number): Promise<void> {
    if (!this.session) return;
    const rank = await this.meanReciprocalRank(this.session, values);
    if (!this.best || rank > this.best.rank) this.best = { epoch, rank, values };
  }

  /** Whether `patience` epochs have gone by without a better rank. */
  isExhausted(epoch: number): boolean {
    return this.best !== undefined && epoch - this.best.epoch >= this.patience;
  }

  /** Undefined where training does not stop early and the last parameters count. */
  get found(): Best | undefined {
    return this.best;
  }

  async close(): Promise<void> {
    await this.session?.close();
  }

  private async meanReciprocalRank(session: Session, values: Values): Promise<number> {
    const { net, sequences } = this;
    const { heldBack, starts, ends, tokens } = sequences;
    const parameters = Object.fromEntries(
      net.parameters.map(({ name, shape }) => [name, { data: values.get(name)!, dims: shape }]),
    );
    const perCall = Math.max(1, Math.min(historiesPerCall(net), Math.floor(SCORES_PER_CALL / net.things)));
    let sum = 0;
    for (let from = 0; from < heldBack.length; from += perCall) {
      const asked = heldBack.subarray(from, from + perCall);
      const { history, last } = historiesOf(
        Array.from(asked, (sequence) => tokens.subarray(starts[sequence], ends[sequence])),
        net.slots,
      );
      const feeds = {
        [HISTORY]: { data: history, dims: [asked.length, net.slots] },
        [LAST]: { data: last, dims: [asked.length, net.slots] },
        [TARGETS]: { data: asked.map((sequence) => tokens[ends[sequence]]), dims: [asked.length, 1] },
      };
      const { [RANKS]: ranks } = await session.run({ ...parameters, ...feeds }, [RANKS]);
      for (const rank of ranks) sum += 1 / rank;
    }
    return sum / heldBack.length;
  }
}
