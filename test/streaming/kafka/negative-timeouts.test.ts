import { runInThisContext } from 'node:vm';
import { silenceNegativeTimeouts } from '../../../src/streaming/kafka/negative-timeouts';

/** As code in this file would call it. */
const warnFrom = (file: string): ((...warning: unknown[]) => void) =>
  runInThisContext('(process, ...warning) => process.emitWarning(...warning)', { filename: file }).bind(null, process);

describe('warnings of timeouts that are over already', () => {
  const original = process.emitWarning;
  afterEach(() => {
    process.emitWarning = original;
  });

  it('are not shown from the client of Kafka, and nothing else is held back', () => {
    const shown: unknown[] = [];
    process.emitWarning = (...warning: unknown[]): unknown => shown.push(warning);
    silenceNegativeTimeouts();
    silenceNegativeTimeouts();
    const client = warnFrom('/app/node_modules/kafkajs/src/network/requestQueue/index.js');
    client('of the client', 'TimeoutNegativeWarning');
    client('of the client', { type: 'TimeoutNegativeWarning' });
    client('another', 'DeprecationNotice', 'X1');
    warnFrom('/app/src/ours.js')('of ours', 'TimeoutNegativeWarning');
    client('without a type');
    expect(shown).toEqual([
      ['another', 'DeprecationNotice', 'X1'],
      ['of ours', 'TimeoutNegativeWarning'],
      ['without a type'],
    ]);
  });
});
