/** What must be true at the end of every fault: tables, scores, alerts and topics hold what was produced, each once. */
import type { Records } from './records';
import { digestSql, HISTORY_ENDS, STREAM_NAMES } from './records';
import type { Scene } from './scene';
import { readTopic } from './topic';
import { until } from './until';

interface Behind {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly end: number;
}

/** Partitions whose position is not at their end. */
export async function behind(scene: Scene): Promise<Behind[]> {
  const rows = await scene.query<{ topic: string; partition: number; next_offset: string }>(
    'SELECT topic, partition, next_offset FROM stream_positions',
  );
  const positions = new Map(rows.map((row) => [`${row.topic}/${row.partition}`, Number(row.next_offset)]));
  const found: Behind[] = [];
  for (const stream of STREAM_NAMES) {
    const topic = scene.prefix + stream;
    for (const { partition, high } of await scene.admin.fetchTopicOffsets(topic)) {
      const position = positions.get(`${topic}/${partition}`) ?? 0;
      if (position !== Number(high)) found.push({ topic, partition, position, end: Number(high) });
    }
  }
  return found;
}

/** Until everything produced is taken in, scored and sent. */
export async function settled(scene: Scene, within = 60_000): Promise<void> {
  await until('every partition to be at its end', async () => (await behind(scene)).length === 0, {
    within,
    every: 250,
    sofar: async () => `${JSON.stringify(await behind(scene))}; ${await problems(scene)}`,
  });
  await until(
    'scores that wait and messages that are not sent yet',
    async () => {
      const [left] = await scene.query<{ left: number }>(
        'SELECT ((SELECT count(*) FROM outbox) + (SELECT count(*) FROM awaiting_scores))::integer AS left',
      );
      return left.left === 0;
    },
    { within: 30_000, sofar: () => problems(scene) },
  );
}

/** For the message of what did not come. */
export async function problems(scene: Scene): Promise<string> {
  const rows = await scene.query<{ topic: string; partition: number; last_error: string }>(
    'SELECT topic, partition, last_error FROM stream_positions WHERE last_error IS NOT NULL',
  );
  const logs = scene.members.map(({ pid, log }) => `member ${pid}: …${log().slice(-1_500)}`);
  return [...rows.map((row) => `${row.topic}/${row.partition}: ${row.last_error}`), ...logs].join('\n');
}

/** Counts and checksums of the six tables. */
export async function expectStored(scene: Scene, records: Records): Promise<void> {
  for (const stream of records.streams) {
    const [held] = await scene.query(digestSql(stream));
    expect({ stream, ...held }).toEqual({ stream, ...records.digest(stream) });
  }
}

export interface Scored {
  readonly transactionId: string;
  readonly modelId: string;
  readonly review: boolean;
}

/** Exactly one score a transaction, one alert a REVIEW, and every one of them told to its topic. */
export async function expectScored(scene: Scene, records: Records): Promise<Scored[]> {
  const scores = await scene.query<Scored>(
    `SELECT transaction_id AS "transactionId", model_id AS "modelId", decision = 'REVIEW' AS review FROM fraud_scores ORDER BY transaction_id, model_id`,
  );
  const alerts = await scene.query<{ id: string; transaction_id: string; model_id: string }>(
    'SELECT id, transaction_id, model_id FROM alerts ORDER BY transaction_id, model_id',
  );
  expect(scores.map(({ transactionId }) => transactionId)).toEqual([...records.expected.transactions.keys()].sort());
  const reviewed = scores.filter(({ review }) => review);
  expect(alerts.map((row) => `${row.transaction_id}/${row.model_id}`)).toEqual(reviewed.map(scoreId));
  // A test without any alert would say nothing about alerts.
  if (scores.length >= 2_000) expect(reviewed.length).toBeGreaterThan(0);
  await expectTold(scene, 'fraud-scores', new Set(scores.map(scoreId)));
  await expectTold(scene, 'alerts', new Set(alerts.map(({ id }) => id)));
  return scores;
}

const scoreId = ({ transactionId, modelId }: Scored): string => `${transactionId}/${modelId}`;

/** Repeats are allowed, as long as they are known by their ids: every message under one id says the same. */
async function expectTold(scene: Scene, topic: string, ids: ReadonlySet<string>): Promise<void> {
  const told = new Map<string, string>();
  const contradictions: string[] = [];
  for (const { headers, value } of await readTopic(scene, topic)) {
    const id = headers['kindred.id'];
    const text = value?.toString() ?? '';
    if (told.has(id) && told.get(id) !== text) contradictions.push(id);
    told.set(id, text);
  }
  expect(contradictions).toEqual([]);
  expect([...told.keys()].sort()).toEqual([...ids].sort());
}

/** Every score is what a recomputation over the table gives, by the code that training uses. */
export async function expectRecomputed(scene: Scene): Promise<void> {
  const { openDatabase } = await import('../../src/stores/open');
  const { openServices } = await import('../../src/services/services');
  const database = await openDatabase({ databaseUrl: scene.databaseUrl, dataDir: '' });
  const { services, close } = openServices(database, { trainingThreads: 1, onTrainingFailure: () => undefined });
  try {
    const [{ id }] = await scene.query<{ id: string }>(
      `SELECT model_id AS id FROM live_models WHERE space = 'accounts'`,
    );
    const kept = new Map(
      (
        await scene.query<{ id: string; error: number }>(
          'SELECT transaction_id AS id, reconstruction_error AS error FROM fraud_scores WHERE model_id = $1',
          [id],
        )
      ).map((row) => [row.id, row.error]),
    );
    let compared = 0;
    const apart: string[] = [];
    for await (const score of services.fraud.scoreRange({ from: new Date(HISTORY_ENDS) })) {
      const error = kept.get(score.transactionId);
      if (error === undefined) continue;
      compared++;
      // The network's sums depend on how many rows go through it at once, in their last bits.
      if (Math.abs(error - score.reconstructionError) > 1e-5 * Math.abs(score.reconstructionError) + 1e-9)
        apart.push(`${score.transactionId}: ${error} kept, ${score.reconstructionError} recomputed`);
    }
    expect(apart.slice(0, 5)).toEqual([]);
    expect(compared).toBe(kept.size);
  } finally {
    await close();
    await database.close();
  }
}
