import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { STREAMS } from '../../src/domain/events';
import { KindredError } from '../../src/errors';
import type { IntakeStatus } from '../../src/services/stream-status';
import { BacklogWatch } from '../../src/streaming/backlog-watch';
import { StreamLog } from '../../src/streaming/stream-log';

function listener() {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { base: undefined, timestamp: false },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  return { log, lines, told: () => lines.map(({ msg }) => msg) };
}

const batch = { records: 1, duplicates: 0, scores: 0, alerts: 0, awaiting: 0, seconds: 0.1 };

describe('the log of streams', () => {
  it('tells the first dead letters at once, and sums up a flood of them', async () => {
    const { log, lines } = listener();
    const { observer } = new StreamLog({ log, intervalMillis: 40 });
    for (let at = 0; at < 1_000; at++)
      observer.onBatch({ stream: 'labels', ...batch, deadLetters: at % 2 === 0 ? { INVALID: 1 } : { UNDECODABLE: 2 } });
    observer.onBatch({ stream: 'items', ...batch, deadLetters: { OVERSIZED: 1 } });
    await sleep(60);
    expect(lines).toMatchObject([
      { level: 40, stream: 'labels', INVALID: 1 },
      { stream: 'items', OVERSIZED: 1 },
      { stream: 'labels', INVALID: 499, UNDECODABLE: 1_000 },
    ]);
  });

  it('tells what is left when it is closed', () => {
    const { log, lines } = listener();
    const streamLog = new StreamLog({ log });
    for (const INVALID of [1, 3]) streamLog.observer.onBatch({ stream: 'labels', ...batch, deadLetters: { INVALID } });
    streamLog.close();
    streamLog.close();
    expect(lines.map(({ INVALID }) => INVALID)).toEqual([1, 3]);
  });

  it('says once that a stream goes on after it was held up, and nothing of batches that are as they should be', () => {
    const { log, told } = listener();
    const { observer } = new StreamLog({ log });
    observer.onBatch({ stream: 'labels', ...batch, deadLetters: {} });
    observer.onError('labels', new Error('The database cannot be used.'));
    observer.onError('labels', new Error('The database cannot be used.'));
    for (let at = 0; at < 3; at++) observer.onBatch({ stream: 'labels', ...batch, deadLetters: {} });
    expect(told()).toEqual(['the stream goes on']);
    observer.onError('items', new KindredError('DATABASE_UNAVAILABLE', 'The database cannot be used.'));
    observer.onError('users', new Error('The dead letters cannot be written.'));
    // Nothing comes that could be committed; but the store answers, which is all that items wait for.
    for (const stream of STREAMS) observer.onStoreAnswered(stream);
    expect(told()).toEqual(['the stream goes on', 'the stream goes on']);
  });

  it('tells of consumers that die and of those that come after them', () => {
    const { log, told } = listener();
    const { observer } = new StreamLog({ log });
    observer.onAssigned([]);
    observer.onCrash(new Error('not a member any more'));
    observer.onAssigned([]);
    observer.onCommitRefused('labels');
    expect(told()).toEqual([
      'the consumer died; another one is made',
      'a new consumer has joined the group',
      expect.stringContaining('a batch was undone'),
    ]);
  });
});

describe('the watch over backlogs', () => {
  it('says when a stream is behind and when it has caught up, once each', async () => {
    const { log, lines } = listener();
    let lag: number | undefined = 0;
    const intake = (): IntakeStatus => ({ partitions: [], rate: 12.3, records: 0, deadLetters: 0, lag });
    const watch = new BacklogWatch({ intakes: async () => new Map(STREAMS.map((each) => [each, intake()])), log });
    for (const next of [500, 20_000, 30_000, undefined, 9_000, 999, 0, 9_999]) {
      lag = next;
      await watch.look();
    }
    expect(lines.filter(({ stream }) => stream === 'labels')).toMatchObject([
      { msg: 'the stream is behind', lag: 20_000, rate: 12 },
      { msg: 'the stream has caught up', lag: 999 },
    ]);
  });

  it('goes on where it is not told how streams stand', async () => {
    const { log, lines } = listener();
    const watch = new BacklogWatch({ intakes: () => Promise.reject(new Error('gone')), log });
    await watch.look();
    await watch.look();
    expect(lines).toEqual([]);
  });
});
