/**
 * Records for the faults: the same ones for the same seed, and what the tables must hold once each has been taken in. An
 * account's transactions, and those of the merchants it goes to, lie in one partition in the order of their times, so that
 * how a transaction scores does not hang on how the partitions are interleaved.
 */
import { createHash } from 'node:crypto';
import { Random } from '../../src/demo/random';
import type { StreamName } from '../../src/domain/events';

export const PARTITIONS = 3;
/** The month that the models learn from ends here, and what is produced begins. */
export const HISTORY_ENDS = Date.UTC(2026, 2, 1);
const ACCOUNTS = 150;
const MERCHANTS = 60;
const DAY = 86_400_000;
/** Between two transactions. */
const STEP_MILLIS = 700;
/** One in so many is far from what its account does. */
const ODD_ONE_IN = 40;

export interface Message {
  readonly stream: StreamName;
  readonly key: string;
  readonly partition: number;
  readonly value: string;
}

export interface Payment {
  readonly transactionId: string;
  readonly accountId: string;
  readonly merchantId: string;
  readonly amount: number;
  readonly currency: string;
  readonly occurredAt: number;
  readonly channel: string;
  readonly partition: number;
}

const numbered = (name: string, number: number, digits = 6): string => `${name}${String(number).padStart(digits, '0')}`;

export function payment(random: Random, transactionId: string, occurredAt: number): Payment {
  const account = random.integer(0, ACCOUNTS - 1);
  const odd = random.integer(1, ODD_ONE_IN) === 1;
  // An account goes to three merchants of its own partition.
  const shop = (account + PARTITIONS * random.integer(0, 2)) % MERCHANTS;
  const usual = 10 + (account % 17) * 3;
  const cents = Math.round(usual * (odd ? 60 : 0.6 + random.uniform()) * 100);
  return {
    transactionId,
    accountId: numbered('account', account, 3),
    merchantId: numbered('merchant', shop, 3),
    amount: cents / 100,
    currency: 'EUR',
    occurredAt,
    channel: odd ? 'online' : 'card-present',
    partition: account % PARTITIONS,
  };
}

/** A quiet month, in order of time. */
export function* history(): Generator<Payment> {
  const random = new Random(7, 'history');
  const rows = 12_000;
  for (let row = 0; row < rows; row++)
    yield payment(random, numbered('h', row), HISTORY_ENDS - Math.round((30 * DAY * (rows - row)) / rows));
}

/** What the tables must hold: the row of each key as `ROWS_SQL` writes it. */
export type Expected = Record<StreamName, Map<string, string>>;

export const STREAM_NAMES: readonly StreamName[] = [
  'interactions',
  'transactions',
  'relations',
  'items',
  'users',
  'labels',
];

const millis = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`;

/** Key and content of every row that came by stream, as text. */
export const ROWS_SQL: Readonly<Record<StreamName, string>> = {
  interactions: `SELECT event_id AS key, concat_ws('|', user_id, item_id, action, ${millis('occurred_at')}, session_id, value) AS row FROM interactions`,
  transactions: `SELECT transaction_id AS key, concat_ws('|', account_id, merchant_id, (amount * 100)::bigint, currency, ${millis('occurred_at')}, channel) AS row FROM transactions WHERE transaction_id LIKE 't%'`,
  relations: `SELECT user_id || ' ' || friend_id AS key, concat_ws('|', kind, weight, ${millis('occurred_at')}, removed) AS row FROM relations`,
  items: `SELECT item_id AS key, concat_ws('|', title, attributes ->> 'change', attributes ->> 'filler') AS row FROM items`,
  users: `SELECT user_id AS key, concat_ws('|', title, attributes ->> 'change') AS row FROM users`,
  labels: `SELECT transaction_id AS key, concat_ws('|', is_fraud, ${millis('decided_at')}, source) AS row FROM labels`,
};

export interface Digest {
  readonly rows: number;
  readonly checksum: string;
}

export function digestOf(rows: ReadonlyMap<string, string>): Digest {
  const lines = [...rows.keys()].sort().map((key) => `${key}|${rows.get(key)}`);
  return { rows: rows.size, checksum: createHash('md5').update(lines.join('\n')).digest('hex') };
}

/** The same in SQL; ids are plain ASCII, so that "C" sorts as JavaScript does. */
export const digestSql = (stream: StreamName): string =>
  `SELECT count(*)::integer AS rows, md5(coalesce(string_agg(key || '|' || row, E'\\n' ORDER BY key COLLATE "C"), '')) AS checksum FROM (${ROWS_SQL[stream]}) held`;

export interface RecordOptions {
  readonly seed: number;
  /** @default all six */
  readonly streams?: readonly StreamName[];
  /** Characters that make an item long. @default 0 */
  readonly filler?: number;
}

export class Records {
  readonly expected = Object.fromEntries(STREAM_NAMES.map((stream) => [stream, new Map()])) as Expected;
  private readonly random: Random;
  private readonly made = Object.fromEntries(STREAM_NAMES.map((stream) => [stream, 0])) as Record<StreamName, number>;

  constructor(private readonly options: RecordOptions) {
    this.random = new Random(options.seed, 'faults');
  }

  get streams(): readonly StreamName[] {
    return this.options.streams ?? STREAM_NAMES;
  }

  /** The next record of a stream; from here on the table is expected to hold it. */
  next(stream: StreamName): Message {
    const number = ++this.made[stream];
    const { key, at, value, row, rowKey } = this.make(stream, number);
    this.expected[stream].set(rowKey, row);
    return { stream, key, partition: at % PARTITIONS, value: JSON.stringify(value) };
  }

  digest(stream: StreamName): Digest {
    return digestOf(this.expected[stream]);
  }

  private make(stream: StreamName, number: number): Made {
    const at = HISTORY_ENDS + number * STEP_MILLIS;
    const { random } = this;
    switch (stream) {
      case 'transactions':
        return madeOfPayment(payment(random, numbered('t', number), at));
      case 'interactions': {
        const user = random.integer(0, 999);
        const value = {
          eventId: numbered('e', number),
          userId: numbered('u', user),
          itemId: `i${random.integer(0, 499)}`,
        };
        const rest = { action: 'view', occurredAt: at, sessionId: `s${user % 7}`, value: random.integer(0, 20) / 2 };
        const row = [value.userId, value.itemId, rest.action, at, rest.sessionId, rest.value].join('|');
        return { key: value.userId, at: user, value: { ...value, ...rest }, rowKey: value.eventId, row };
      }
      case 'relations': {
        const [userId, friendId] = [numbered('u', number), numbered('v', number)];
        const value = {
          userId,
          friendId,
          occurredAt: at,
          kind: 'friend',
          weight: 1 + (number % 4),
          removed: number % 9 === 0,
        };
        const row = ['friend', value.weight, at, value.removed ? 't' : 'f'].join('|');
        return { key: userId, at: number, value, rowKey: `${userId} ${friendId}`, row };
      }
      case 'items':
      case 'users': {
        // Each is described several times: the last description counts.
        const thing = number % 300;
        const filler = stream === 'items' && this.options.filler ? 'x'.repeat(this.options.filler) : undefined;
        const value = { title: `Title ${number}`, attributes: { change: `c${number}`, filler } };
        const key = `${stream === 'items' ? 'i' : 'u'}${thing}`;
        const row = [value.title, value.attributes.change, ...(filler ? [filler] : [])].join('|');
        const id = stream === 'items' ? { itemId: key } : { userId: key };
        return { key, at: thing, value: { ...id, ...value }, rowKey: key, row };
      }
      case 'labels': {
        // Decided a month after all that is produced, so that no score hangs on when a label came by.
        const [transactionId, decidedAt, isFraud] = [numbered('t', number), at + 40 * DAY, number % 40 === 0];
        const row = [isFraud ? 't' : 'f', decidedAt, 'desk'].join('|');
        return {
          key: transactionId,
          at: number,
          value: { transactionId, isFraud, decidedAt, source: 'desk' },
          rowKey: transactionId,
          row,
        };
      }
    }
  }
}

interface Made {
  readonly key: string;
  /** Chooses the partition. */
  readonly at: number;
  readonly value: object;
  readonly rowKey: string;
  readonly row: string;
}

function madeOfPayment({ partition, ...value }: Payment): Made {
  const { accountId, merchantId, amount, currency, occurredAt, channel } = value;
  const row = [accountId, merchantId, Math.round(amount * 100), currency, occurredAt, channel].join('|');
  return { key: accountId, at: partition, value, rowKey: value.transactionId, row };
}
