import { StreamStatuses, type StreamTopics, type TopicEnds } from '../../src/services/stream-status';
import { advancePositions, recordPositionError } from '../../src/stores/stream-positions';
import { describeOnEachDatabase } from '../stores/databases';

const TOPIC = 'kindred.transactions';

/** What Kafka says, as the test wants it. */
function topicsThatSay(ends: () => TopicEnds): StreamTopics {
  return { topicOf: (stream) => `kindred.${stream}`, ends: async () => ends() };
}

const said: TopicEnds = {
  topics: new Map([
    [
      TOPIC,
      [
        { partition: 0, start: 0, end: 120 },
        { partition: 1, start: 30, end: 50 },
      ],
    ],
  ]),
};

describeOnEachDatabase('how streams stand', (database) => {
  let ends = said;
  const statuses = () =>
    new StreamStatuses(
      database(),
      topicsThatSay(() => ends),
    );
  const advance = (partition: number, expected: number, next: number, rate = 0) => ({
    topic: TOPIC,
    partition,
    expected,
    next,
    records: next - expected - 1,
    deadLetters: 1,
    rate,
  });

  beforeAll(async () => {
    await database().transaction((tx) => advancePositions(tx, [advance(0, 0, 100, 50)]));
    await recordPositionError(database(), TOPIC, 0, 'The database cannot be used.');
  });
  beforeEach(() => {
    ends = said;
  });

  it('puts positions beside ends, with what nobody has read yet', async () => {
    const intake = await statuses().look().intake('transactions');
    expect(intake.partitions).toMatchObject([
      { topic: TOPIC, partition: 0, position: 100, end: 120, lag: 20, records: 99, deadLetters: 1 },
      { topic: TOPIC, partition: 1, position: undefined, end: 50, lag: 20, records: 0, deadLetters: 0 },
    ]);
    expect(intake).toMatchObject({
      topic: TOPIC,
      lag: 40,
      records: 99,
      deadLetters: 1,
      lastError: 'The database cannot be used.',
      lastErrorAt: expect.any(Date),
      kafkaError: undefined,
    });
  });

  it('lets a rate fade once no batch comes', async () => {
    await database().query("UPDATE stream_positions SET updated_at = now() - interval '10 seconds'");
    const { rate } = await statuses().look().intake('transactions');
    // It is older than ten seconds by as long as this had to wait for its turn.
    expect(rate).toBeGreaterThan(50 * Math.exp(-6));
    expect(rate).toBeLessThanOrEqual(50 * Math.exp(-1));
  });

  it('shows the rest where Kafka does not answer', async () => {
    ends = { topics: new Map(), error: 'Kafka has not answered for 2 s.' };
    const intake = await statuses().look().intake('transactions');
    expect(intake.partitions).toMatchObject([{ partition: 0, position: 100, end: undefined, lag: undefined }]);
    expect(intake).toMatchObject({ lag: undefined, deadLetters: 1, kafkaError: 'Kafka has not answered for 2 s.' });
  });

  it('knows no topics where no Kafka is configured', async () => {
    const intake = await new StreamStatuses(database()).look().intake('transactions');
    expect(intake).toEqual({ partitions: [], rate: 0, records: 0, deadLetters: 0 });
    await expect(new StreamStatuses(database()).moveTo(TOPIC, 0, 'latest')).rejects.toMatchObject({
      code: 'BAD_CONFIGURATION',
    });
  });

  it('moves a position to the earliest, the latest or an offset that is there, and forgets the error', async () => {
    const moves = [
      await statuses().moveTo(TOPIC, 0, 'latest'),
      await statuses().moveTo(TOPIC, 0, 7),
      await statuses().moveTo(TOPIC, 1, 'earliest'),
    ];
    expect(moves.map(({ before, after }) => [before, after])).toEqual([
      [100, 120],
      [120, 7],
      [undefined, 30],
    ]);
    const intake = await statuses().look().intake('transactions');
    expect(intake.partitions.map(({ position }) => position)).toEqual([7, 30]);
    expect(intake.lastError).toBeUndefined();
  });

  it('undoes a batch that was under way from the old position', async () => {
    await statuses().moveTo(TOPIC, 0, 40);
    const late = database().transaction((tx) => advancePositions(tx, [advance(0, 7, 60)]));
    await expect(late).rejects.toMatchObject({ code: 'STREAM_POSITION_MOVED' });
    expect((await statuses().look().intake('transactions')).partitions[0].position).toBe(40);
  });

  it.each([
    ['an offset before the first', TOPIC, 1, 29, 'offsets 30 to 50'],
    ['an offset after the end', TOPIC, 1, 51, 'offsets 30 to 50'],
    ['a partition that is not there', TOPIC, 2, 40, 'no partition 2'],
    ['a topic that nobody reads', 'kindred.alerts', 0, 0, 'no topic'],
  ])('refuses %s', async (_, topic, partition, to, message) => {
    await expect(statuses().moveTo(topic, partition, to)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message),
    });
  });

  it('does not move a position while it cannot be checked', async () => {
    ends = { topics: new Map(), error: 'Kafka has not answered for 2 s.' };
    await expect(statuses().moveTo(TOPIC, 0, 'latest')).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  });

  it('counts a few records exactly, and many by the estimate of the database', async () => {
    const empty = await statuses().look().count('labels');
    expect(empty).toEqual({ rows: 0, exact: true });
    await database().query(
      `INSERT INTO labels (transaction_id, is_fraud, decided_at) SELECT 't' || n, false, now() FROM generate_series(1, 60000) n`,
    );
    await database().query('ANALYZE labels');
    const { rows, exact } = await statuses().look().count('labels');
    expect(exact).toBe(false);
    expect(rows).toBeGreaterThan(54_000);
    expect(rows).toBeLessThan(66_000);
  });

  it('tells what waits on its way out', async () => {
    expect(await statuses().outputs()).toEqual({ outboxMessages: 0, awaitingScores: 0, exact: true });
    await database().query(
      `INSERT INTO outbox (topic, messages, bytes, ids, keys, contents, created_at)
       SELECT 'kindred.alerts', 3, 10, '[]', '[]', '', '2026-01-01T00:00:00Z'::timestamptz FROM generate_series(1, 2)`,
    );
    await database().query("INSERT INTO awaiting_scores (transaction_id, occurred_at) VALUES ('t1', now())");
    expect(await statuses().outputs()).toEqual({
      outboxMessages: 6,
      outboxOldestAt: new Date('2026-01-01T00:00:00Z'),
      awaitingScores: 1,
      exact: true,
    });
  });
});
