/**
 * The recent past of one account and of one merchant, to be looked at from the moment of any transaction that `reaches`: the same
 * answers, to the last bit, as AccountPast and MerchantPast give whoever follows the stream in order of time. Rows come in any
 * order; one that came before changes nothing.
 */
import { AmountTimeline } from './amount-timeline';
import { DAY_MILLIS, WINDOW_DAYS } from './options';
import { firstAfter } from './search';
import type { FeatureTransaction } from './transaction';
import type { AccountView, FraudView, MerchantView } from './views';

const WINDOW_MILLIS = WINDOW_DAYS.map((days) => days * DAY_MILLIS);
const LONGEST_MILLIS = WINDOW_MILLIS[WINDOW_MILLIS.length - 1];
/** Rows are let go when at least so many, and half of all, are out of reach. */
const DROPPED_AT = 64;
/** A transaction may come so much later than its account's or merchant's last without anything being read again. */
const LATE_MILLIS = DAY_MILLIS;

abstract class Timeline {
  readonly amounts = new AmountTimeline();

  /**
   * @param completeAfter every row of the party that happened after this and up to `completeUntil` is here; of others, some may be
   * @param spanMillis how far features look back
   */
  constructor(
    private completeAfter: number,
    private readonly spanMillis: number,
    private readonly completeUntil = Number.POSITIVE_INFINITY,
  ) {}

  get rows(): number {
    return this.amounts.length;
  }

  /** Whether all is here that a transaction of this time looks back on. */
  reaches(time: number): boolean {
    return this.completeAfter <= time - this.spanMillis && time <= this.completeUntil;
  }

  /**
   * Lets go of rows that only transactions more than a day before the last we looked from would look back on. Not before the newest
   * row: one that was dated years ahead, or a backlog that is far behind it, would make us read everything again each time.
   */
  trim(): void {
    const { times, lookedFrom } = this.amounts;
    const oldest = lookedFrom - LATE_MILLIS - this.spanMillis;
    const rows = firstAfter(times, oldest);
    if (rows < DROPPED_AT || rows * 2 < times.length) return;
    this.completeAfter = Math.max(this.completeAfter, times[rows - 1]);
    this.drop(rows);
  }

  protected drop(rows: number): void {
    this.amounts.drop(rows);
  }
}

export class AccountTimeline extends Timeline implements AccountView {
  private readonly merchantIds: string[] = [];
  private position = 0;

  add({ occurredAt, transactionId, merchantId, amount }: FeatureTransaction): void {
    const time = occurredAt.getTime();
    const at = this.amounts.find(time, transactionId);
    if (this.amounts.has(at, transactionId)) return;
    this.amounts.insert(at, { time, id: transactionId, amount });
    if (at === this.merchantIds.length) this.merchantIds.push(merchantId);
    else this.merchantIds.splice(at, 0, merchantId);
  }

  lookFrom({ occurredAt, transactionId }: FeatureTransaction): void {
    this.position = this.amounts.lookFrom(occurredAt.getTime(), transactionId);
  }

  hasPaidAt(merchantId: string, now: number): boolean {
    const { merchantIds, amounts } = this;
    const first = firstAfter(amounts.times, now - LONGEST_MILLIS);
    for (let at = this.position - 1; at >= first; at--) if (merchantIds[at] === merchantId) return true;
    return false;
  }

  protected override drop(rows: number): void {
    super.drop(rows);
    this.merchantIds.splice(0, rows);
  }
}

const NOT_DECIDED = Number.POSITIVE_INFINITY;

export class MerchantTimeline extends Timeline implements MerchantView, FraudView {
  readonly frauds: FraudView = this;
  /** When each row's label was decided; infinity where there is none. */
  private readonly decidedAt: number[] = [];
  /** 1 for a fraud. */
  private readonly fraud: number[] = [];
  /** Of the rows before each position whose label was decided within the delay: how many, and how many frauds. */
  private readonly prompt: number[] = [0];
  private readonly promptFrauds: number[] = [0];
  private summed = 0;
  /** Positions of rows whose label came later than the delay; right up to `summed`. */
  private readonly late: number[] = [];

  private readonly labels: number[] = WINDOW_DAYS.map(() => 0);
  private readonly labelledFrauds: number[] = WINDOW_DAYS.map(() => 0);

  constructor(
    completeAfter: number,
    private readonly delayMillis: number,
    completeUntil?: number,
  ) {
    super(completeAfter, LONGEST_MILLIS + delayMillis, completeUntil);
  }

  add({ occurredAt, transactionId, amount, isFraud, decidedAt }: FeatureTransaction): void {
    const time = occurredAt.getTime();
    const at = this.amounts.find(time, transactionId);
    if (!this.amounts.has(at, transactionId)) {
      this.amounts.insert(at, { time, id: transactionId, amount });
      this.decidedAt.splice(at, 0, NOT_DECIDED);
      this.fraud.splice(at, 0, 0);
      this.changedAt(at);
    }
    if (isFraud !== undefined && decidedAt !== undefined) this.setLabel(at, isFraud, decidedAt.getTime());
  }

  /** The newest decision about a transaction; of one that is out of reach there is nothing to say. */
  label({ occurredAt, transactionId, isFraud, decidedAt }: LabelledRow): void {
    const at = this.amounts.find(occurredAt.getTime(), transactionId);
    if (this.amounts.has(at, transactionId)) this.setLabel(at, isFraud, decidedAt.getTime());
  }

  lookFrom({ occurredAt, transactionId }: FeatureTransaction): void {
    const now = occurredAt.getTime();
    const position = this.amounts.lookFrom(now, transactionId);
    const { times } = this.amounts;
    const due = Math.min(position, firstAfter(times, now - this.delayMillis));
    if (this.summed < due) this.sumUpTo(due);
    for (let window = 0; window < WINDOW_MILLIS.length; window++) {
      const first = firstAfter(times, now - this.delayMillis - WINDOW_MILLIS[window]);
      let labels = this.prompt[due] - this.prompt[first];
      let frauds = this.promptFrauds[due] - this.promptFrauds[first];
      for (let at = firstAfter(this.late, first - 1); at < this.late.length && this.late[at] < due; at++) {
        const row = this.late[at];
        if (this.decidedAt[row] > now) continue;
        labels++;
        frauds += this.fraud[row];
      }
      this.labels[window] = labels;
      this.labelledFrauds[window] = frauds;
    }
  }

  known(window: number): number {
    return this.labels[window];
  }

  rate(window: number): number {
    return this.labels[window] > 0 ? this.labelledFrauds[window] / this.labels[window] : 0;
  }

  protected override drop(rows: number): void {
    super.drop(rows);
    this.decidedAt.splice(0, rows);
    this.fraud.splice(0, rows);
    this.changedAt(0);
  }

  private setLabel(at: number, isFraud: boolean, decidedAt: number): void {
    const fraud = isFraud ? 1 : 0;
    if (this.decidedAt[at] === decidedAt && this.fraud[at] === fraud) return;
    this.decidedAt[at] = decidedAt;
    this.fraud[at] = fraud;
    this.changedAt(at);
  }

  private changedAt(position: number): void {
    if (position >= this.summed) return;
    this.summed = position;
    this.late.length = firstAfter(this.late, position - 1);
  }

  private sumUpTo(position: number): void {
    const { times } = this.amounts;
    for (let at = this.summed; at < position; at++) {
      const labelled = this.decidedAt[at] !== NOT_DECIDED;
      const isPrompt = labelled && this.decidedAt[at] <= times[at] + this.delayMillis;
      if (labelled && !isPrompt) this.late.push(at);
      this.prompt[at + 1] = this.prompt[at] + (isPrompt ? 1 : 0);
      this.promptFrauds[at + 1] = this.promptFrauds[at] + (isPrompt ? this.fraud[at] : 0);
    }
    this.summed = position;
  }
}

export interface LabelledRow {
  readonly transactionId: string;
  readonly occurredAt: Date;
  readonly isFraud: boolean;
  readonly decidedAt: Date;
}
