import { collectPlace, streamsText } from '../../src/cli/streams';
import type { PartitionStatus } from '../../src/services/stream-status';

const now = new Date('2026-06-01T03:00:00Z');
const outputs = {
  outboxMessages: 12,
  outboxOldestAt: new Date('2026-06-01T02:59:30Z'),
  awaitingScores: 0,
  exact: true,
};
const partition = (facts: Partial<PartitionStatus>): PartitionStatus => ({
  topic: 'kindred.labels',
  partition: 0,
  rate: 0,
  records: 0,
  deadLetters: 0,
  ...facts,
});
const labels = {
  stream: 'labels',
  stored: 1_234,
  storedExact: true,
  topic: 'kindred.labels',
  rate: 10.25,
  records: 3,
  deadLetters: 2,
};

describe('the table of streams', () => {
  it('shows each partition with position, end, lag, rate, dead letters and the last error', () => {
    const failed = {
      lastError: 'The database\u001b[2J cannot be used.',
      lastErrorAt: new Date('2026-06-01T02:59:00Z'),
    };
    const partitions = [
      partition({ position: 1_000, end: 1_250, lag: 250, rate: 10.25, deadLetters: 2, ...failed }),
      partition({ partition: 1, end: 5, lag: 5 }),
    ];
    const text = streamsText([{ ...labels, partitions, lag: 255 }], outputs, now);
    expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
      'topic           partition  position    end  lag  rate/s  dead letters  last error',
      'kindred.labels        all                   255    10.3             2',
      '                        0     1,000  1,250  250    10.3             2  60 s ago: The database\\u001b[2J cannot be used.',
      '                        1         -      5    5     0.0             0',
      '',
      'in the store: labels 1,234',
      'outbox: 12 messages, the oldest 30 s ago; awaiting a model: 0 transactions',
      '',
    ]);
  });

  it('leaves open what Kafka does not say, and says that', () => {
    const kafkaError = 'Kafka has not answered for 2 s.';
    const partitions = [partition({ position: 7 })];
    const text = streamsText([{ ...labels, storedExact: false, partitions, kafkaError }], outputs, now);
    expect(text).toMatch(/^kindred\.labels +all +\? /m);
    expect(text).toMatch(/^ +0 +7 +\? +\? /m);
    expect(text).toContain('labels ~1,234');
    expect(text).toContain('warning: Kafka has not answered for 2 s. Ends and lags are left open.');
  });

  it('tells what is stored where no Kafka is configured', () => {
    const text = streamsText([{ ...labels, topic: undefined, partitions: [] }], outputs, now);
    expect(text).toContain('labels  1,234');
    expect(text).toContain('KAFKA_BROKERS');
  });
});

describe('a place to read on from', () => {
  it('is a topic, a partition and where', () => {
    const places = collectPlace('b.c_d-e/12=34', collectPlace('kindred.labels/0=earliest'));
    expect(places).toEqual([
      { topic: 'kindred.labels', partition: 0, to: 'earliest' },
      { topic: 'b.c_d-e', partition: 12, to: 34 },
    ]);
  });

  it.each([
    'kindred.labels=earliest',
    'kindred.labels/0',
    'kindred.labels/0=-1',
    'a/0=9007199254740993',
    '/0=1',
    'a/0=first',
  ])('is not %s', (text) => {
    expect(() => collectPlace(text)).toThrow('topic/partition=where');
  });
});
