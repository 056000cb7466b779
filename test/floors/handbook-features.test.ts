/**
 * The handbook's 15 features of two weeks, recomputed from its raw transactions, in every row. Its windows of an account count
 * the transaction itself, ours do not: (sum + amount) / (count + 1) is the book's mean. Its weekend and night flags follow
 * from the time.
 */
import { FEATURE_NAMES } from '../../src/features/columns';
import { FeatureStream } from '../../src/features/feature-stream';
import { parseFeatureOptions, WINDOW_DAYS } from '../../src/features/options';
import { describeWithData } from '../real-data';
import { bookFeatures, LABEL_DELAY_DAYS, rawTransactions } from './handbook';

/** Half a unit of the last decimal that the book keeps, and what binary fractions add. */
const AVERAGE_ROUNDING = 0.0005 + 1e-9;
const RISK_ROUNDING = 0.000005 + 1e-7;

describeWithData('fraud_handbook', "the handbook's features", (folder) => {
  it('agree with ours within its rounding in every row of both weeks', () => {
    const book = new Map<string, Record<string, string>>();
    for (const row of bookFeatures(folder)) book.set(row.TRANSACTION_ID, row);
    const differences = new Map<string, number>();
    const expectClose = (name: string, ours: number, theirs: string, tolerance: number) => {
      if (!(Math.abs(ours - Number(theirs)) <= tolerance)) differences.set(name, (differences.get(name) ?? 0) + 1);
    };
    let compared = 0;
    const stream = new FeatureStream(
      parseFeatureOptions({ labelDelayDays: LABEL_DELAY_DAYS }),
      ({ transactionId, amount, occurredAt }, values, { account }) => {
        const theirs = book.get(transactionId)!;
        const ours = (name: string) => values[FEATURE_NAMES.indexOf(name)];
        compared++;
        WINDOW_DAYS.forEach((days, window) => {
          const [customer, terminal] = [`CUSTOMER_ID_`, 'TERMINAL_ID_'].map((party) => (name: string) => {
            const column = `${party}${name}_${days}DAY_WINDOW`;
            return [column, theirs[column]] as const;
          });
          const [countName, count] = customer('NB_TX');
          expectClose(countName, ours(`accountCount${days}d`) + 1, count, 0);
          const [meanName, mean] = customer('AVG_AMOUNT');
          const including = (account.amounts.sum(window) + amount) / (account.amounts.count(window) + 1);
          expectClose(meanName, including, mean, AVERAGE_ROUNDING);
          const [labelsName, labels] = terminal('NB_TX');
          expectClose(labelsName, ours(`merchantLabels${days}d`), labels, 0);
          const [riskName, risk] = terminal('RISK');
          expectClose(riskName, ours(`merchantFraudRate${days}d`), risk, RISK_ROUNDING);
        });
        const isWeekend = [0, 6].includes(occurredAt.getUTCDay());
        expectClose('TX_DURING_WEEKEND', Number(isWeekend), theirs.TX_DURING_WEEKEND, 0);
        expectClose('TX_DURING_NIGHT', Number(occurredAt.getUTCHours() <= 6), theirs.TX_DURING_NIGHT, 0);
      },
      ({ transactionId }) => book.has(transactionId),
    );
    for (const transaction of rawTransactions(folder)) stream.push(transaction);
    stream.flush();
    expect(Object.fromEntries(differences)).toEqual({});
    expect(compared).toBe(book.size);
    expect(compared).toBe(66_928 + 66_824);
  });
});
