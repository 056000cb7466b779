/**
 * Records for the benches of streams: the same ones for the same number. Ten thousand accounts pay once a day each, so that live
 * traffic looks to the model as the month did that it learned from.
 */
import { Random } from '../src/demo/random';
import type { Interaction, Transaction } from '../src/domain/events';

const ACCOUNTS = 10_000;
const MERCHANTS = 2_000;
const DAY = 86_400_000;
/** Of event time, between two transactions. */
const STEP_MILLIS = DAY / ACCOUNTS;
const ODD_ONE_IN = 100;

/** The history ends here and live traffic begins. */
export const LIVE_FROM = Date.UTC(2026, 2, 1);
export const HISTORY_ROWS = 30 * ACCOUNTS;

export interface Sent<Rec> {
  readonly key: string;
  readonly record: Rec;
}

/** Draws in the order of the numbers: make them one after the other. */
export function payments(seed: number, from = 0): () => Sent<Transaction> {
  const random = new Random(seed, `payments from ${from}`);
  let number = from;
  return () => {
    const place = number++;
    const account = random.integer(0, ACCOUNTS - 1);
    const odd = random.integer(1, ODD_ONE_IN) === 1;
    const usual = 10 + (account % 17) * 3;
    const cents = Math.round(usual * (odd ? 40 : 0.6 + random.uniform()) * 100);
    const accountId = `account-${account}`;
    const record: Transaction = {
      transactionId: `t${place}`,
      accountId,
      merchantId: `merchant-${odd ? random.integer(0, MERCHANTS - 1) : (account * 7 + random.integer(0, 4)) % MERCHANTS}`,
      amount: cents / 100,
      currency: 'EUR',
      occurredAt: new Date(LIVE_FROM + Math.round(place * STEP_MILLIS)),
      category: 'grocery',
      channel: odd ? 'online' : 'pos',
      country: 'DE',
    };
    return { key: accountId, record };
  };
}

/** The month before, as rows of a file. */
export function* history(): Generator<Transaction> {
  const next = payments(1, -HISTORY_ROWS);
  for (let row = 0; row < HISTORY_ROWS; row++) yield next().record;
}

export function plays(seed: number, from = 0): () => Sent<Interaction> {
  const random = new Random(seed, `plays from ${from}`);
  let number = from;
  return () => {
    const place = number++;
    const userId = `user-${random.integer(0, 19_999)}`;
    const record: Interaction = {
      eventId: `e${place}`,
      userId,
      itemId: `item-${random.integer(0, 49_999)}`,
      action: 'play',
      occurredAt: new Date(LIVE_FROM + place * 900),
      sessionId: `s${random.integer(0, 59_999)}`,
      value: random.integer(0, 99) / 10,
    };
    return { key: userId, record };
  };
}
