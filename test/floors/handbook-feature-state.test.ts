import { FEATURE_NAMES } from '../../src/features/columns';
import { FeatureStream } from '../../src/features/feature-stream';
import { parseFeatureOptions } from '../../src/features/options';
import { FeatureState } from '../../src/services/feature-state';
import { insertTransactions, recordEvents } from '../../src/stores/events';
import { openDatabase } from '../../src/stores/open';
import { describeWithData } from '../real-data';
import { makeStore, testServer } from '../stores/databases';
import { DAY, type HandbookTransaction, rawTransactions, START } from './handbook';

const DAYS = 12;
const BATCH = 2_000;
const WIDTH = FEATURE_NAMES.length;

function firstDays(folder: string): HandbookTransaction[] {
  const taken: HandbookTransaction[] = [];
  for (const transaction of rawTransactions(folder)) {
    if (transaction.occurredAt.getTime() >= START + DAYS * DAY) break;
    taken.push(transaction);
  }
  return taken;
}

describeWithData('fraud_handbook', "the handbook's payments", (folder) => {
  it('are described on their way in, across restarts, with the bits of one walk over all of it', async () => {
    const transactions = firstDays(folder);
    // Labels are decided days after, and come in when they are: the walk has them on their rows.
    const options = parseFeatureOptions({ labelDelayDays: 1 });
    const labelled = transactions.map((one) => ({ ...one, decidedAt: new Date(one.occurredAt.getTime() + 2 * DAY) }));
    const expected = new Map<string, Float32Array>();
    const walk = new FeatureStream(options, ({ transactionId }, row) => expected.set(transactionId, row.slice()));
    for (const one of labelled) walk.push(one);
    walk.flush();

    const store = await makeStore(testServer ? 'postgres' : 'embedded');
    const database = await openDatabase(store.location);
    try {
      let state = new FeatureState();
      let decided = 0;
      let wrong = 0;
      for (let start = 0; start < transactions.length; ) {
        let end = Math.min(start + BATCH, transactions.length);
        // An instant is not split: what comes later at the same time is late.
        while (end < transactions.length && +transactions[end].occurredAt === +transactions[end - 1].occurredAt) end++;
        const batch = transactions.slice(start, end).map((one) => ({ ...one, isFraud: undefined, currency: 'USD' }));
        const until = +batch[0].occurredAt;
        const due = decided;
        while (decided < start && +labelled[decided].decidedAt <= until + DAY) decided++;
        const labels = labelled
          .slice(due, decided)
          .map(({ transactionId, isFraud, decidedAt }) => ({ transactionId, isFraud, decidedAt }));
        await recordEvents(database, 'labels', labels);
        if ((start / BATCH) % 10 > 8) state = new FeatureState();
        const values = await database.transaction(async (tx) => {
          await insertTransactions(tx, batch);
          await state.prepare(tx, batch, options);
          return state.describe(batch);
        });
        state.committed();
        batch.forEach(({ transactionId }, row) => {
          const here = Buffer.from(values.slice(row * WIDTH, (row + 1) * WIDTH).buffer);
          if (!here.equals(Buffer.from(expected.get(transactionId)!.buffer))) wrong++;
        });
        start = end;
      }
      expect(transactions.length).toBeGreaterThan(100_000);
      expect(wrong).toBe(0);
    } finally {
      await database.close();
      await store.remove();
    }
  }, 300_000);
});
