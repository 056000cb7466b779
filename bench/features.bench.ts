/**
 * How fast transactions become rows of features: a stream of made-up card payments in time order (so that it needs no data
 * from outside), 10 % of them labelled fraud or not a day later; and one transaction described from its recent history.
 */
import { FEATURES } from '../src/features/columns';
import { FeatureStream } from '../src/features/feature-stream';
import { LONGEST_WINDOW_DAYS, parseFeatureOptions } from '../src/features/options';
import { featuresOf } from '../src/features/scoring';
import type { FeatureTransaction } from '../src/features/transaction';
import type { Figure } from './figure';

const ROWS = 1_100_000;
const DAYS = 114;
const ACCOUNTS = 5_000;
const MERCHANTS = 10_000;
const DAY = 86_400_000;

export async function* figures(): AsyncIterable<Figure> {
  const options = parseFeatureOptions();
  let checksum = 0;
  const stream = new FeatureStream(options, (_, values) => {
    checksum += values[values.length - 1];
  });
  let seconds = 0;
  // Made in pages, as a store's cursor would, so that making them is not measured.
  for (const page of pages()) {
    const startedAt = performance.now();
    for (const transaction of page) stream.push(transaction);
    seconds += (performance.now() - startedAt) / 1000;
  }
  if (!(checksum > 0)) throw new Error('no label was counted');
  yield {
    bench: 'features',
    figure: `${FEATURES.length} features, whole stream`,
    value: ROWS / seconds,
    unit: 'rows/s',
  };

  const [page] = pages();
  const recent = page.slice(0, 200);
  const last = page[200];
  const history = {
    account: recent.slice(0, 60).map((row) => ({ ...row, accountId: last.accountId })),
    merchant: recent.slice(0, 40).map((row) => ({ ...row, merchantId: last.merchantId })),
  };
  const repeats = 20_000;
  const startedAt = performance.now();
  for (let i = 0; i < repeats; i++) checksum += featuresOf(last, history, options)[0];
  const micros = ((performance.now() - startedAt) * 1000) / repeats;
  yield {
    bench: 'features',
    figure: `one transaction from 100 rows of ${LONGEST_WINDOW_DAYS} days`,
    value: micros,
    unit: 'microseconds',
  };
}

function* pages(): Generator<FeatureTransaction[]> {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const step = (DAYS * DAY) / ROWS;
  for (let start = 0; start < ROWS; start += 20_000) {
    yield Array.from({ length: Math.min(20_000, ROWS - start) }, (_, i) => {
      const occurredAt = new Date(Math.floor((start + i) * step));
      const account = Math.floor(random() * ACCOUNTS);
      return {
        transactionId: `t${start + i}`,
        accountId: `a${account}`,
        // Everyone keeps to some fifty merchants.
        merchantId: `m${(account * 7 + Math.floor(random() * 50)) % MERCHANTS}`,
        amount: Math.round(random() * 20_000) / 100,
        occurredAt,
        ...(random() < 0.1 && { isFraud: random() < 0.1, decidedAt: new Date(occurredAt.getTime() + DAY) }),
      };
    });
  }
}
