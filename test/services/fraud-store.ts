/** Made-up payments, models that score them, and what a test asks of a store that takes them in by stream. */
import type { Transaction } from '../../src/domain/events';
import type { FraudScore } from '../../src/domain/fraud';
import type { PartitionAdvance } from '../../src/domain/stream-commit';
import { computeFeatures } from '../../src/features/feature-table';
import { parseFeatureOptions } from '../../src/features/options';
import { fraudArtifacts } from '../../src/services/fraud-model';
import { openServices, type Services } from '../../src/services/services';
import type { Database } from '../../src/stores/database';
import type { NewModel } from '../../src/stores/models';
import { autoencoder } from '../../src/training/autoencoder/trainer';
import { Random } from '../../src/training/kernels/random';
import { embedding } from './test-store';

export const TOPIC = 'test.transactions';
export const OUTPUTS = { scores: 'test.fraud-scores', alerts: 'test.alerts', models: 'test.models' };
const START = Date.UTC(2026, 0, 1);

export interface PaymentsOptions {
  seed?: number;
  /** Number of the first one; ids and times go on from it. */
  from?: number;
  accounts?: number;
  everyMillis?: number;
}

/** In order of time, some at the same instant; one in forty is far out of the ordinary. */
export function payments(
  count: number,
  { seed = 1, from = 0, accounts = 20, everyMillis = 600_000 }: PaymentsOptions = {},
): Transaction[] {
  const random = Random.seeded(seed + from);
  return Array.from({ length: count }, (_, n) => {
    const odd = random.below(40) === 0;
    return {
      transactionId: `payment-${from + n}`,
      accountId: `account "${random.below(accounts)}"`,
      merchantId: `merchant-${random.below(12)}`,
      amount: (odd ? 90_000 : 100) + random.below(9_000) / 100,
      currency: 'EUR',
      occurredAt: new Date(START + (from + n - (n % 3 === 2 ? 1 : 0)) * everyMillis),
    };
  });
}

/** A model of little training; another seed makes another one. */
export async function fraudModel(seed = 1): Promise<NewModel> {
  const options = parseFeatureOptions();
  const { columns, rows, values } = computeFeatures(payments(1_500, { seed: 99 }), options);
  const settings = autoencoder.options.parse({ hiddenLayers: [8, 4, 8], epochs: 2, seed, contamination: 0.02 });
  const model = await autoencoder.train({ columns, rows, values }, settings);
  const plain = embedding({ space: 'accounts', ids: ['account "1"'], dimension: model.codeDimension });
  return { ...plain, trainer: 'autoencoder', artifacts: fraudArtifacts(model, options) };
}

/** @param outputs where scores and alerts are told; false: they are not put into the outbox */
export function openScoring(
  database: Database,
  outputs: typeof OUTPUTS | false = OUTPUTS,
): { services: Services; close(): Promise<void> } {
  return openServices(database, {
    trainingThreads: 1,
    onTrainingFailure: () => undefined,
    outboxTopics: outputs || undefined,
  });
}

export async function promoteNew(services: Services, model: NewModel): Promise<string> {
  const { id } = await services.registry.add(model);
  await services.registry.promote(id);
  return id;
}

export function advance(expected: number, records: number, more: Partial<PartitionAdvance> = {}): PartitionAdvance {
  return {
    topic: TOPIC,
    partition: 0,
    expected,
    next: expected + records,
    records,
    deadLetters: 0,
    rate: 0,
    ...more,
  };
}

/** Commits payments from an offset on, some at a time. */
export async function commitAll(services: Services, rows: readonly Transaction[], size: number, offset = 0) {
  for (let start = 0; start < rows.length; start += size) {
    const batch = rows.slice(start, start + size);
    await services.streamWriter.commit('transactions', batch, [advance(offset + start, batch.length)]);
  }
}

/** What a batch over the whole store makes of each transaction, with the live model. */
export async function scoresOfBatch(services: Services): Promise<FraudScore[]> {
  const scores: FraudScore[] = [];
  for await (const score of services.fraud.scoreRange({})) scores.push(score);
  return scores.sort(byId);
}

export async function storedScores(services: Services, rows: readonly Transaction[]): Promise<FraudScore[]> {
  const scores = await services.fraud.storedScores(rows.map(({ transactionId }) => transactionId));
  return scores.filter((score) => score !== undefined).sort(byId);
}

const byId = (a: FraudScore, b: FraudScore): number => (a.transactionId < b.transactionId ? -1 : 1);

const TABLES = ['transactions', 'fraud_scores', 'alerts', 'awaiting_scores', 'outbox', 'stream_positions', 'labels'];

/** Everything that a stream writes: rows and their content, so that two looks can be held against each other. */
export async function written(database: Database): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const table of TABLES)
    all[table] = (await database.query(`SELECT t::text AS row FROM ${table} t ORDER BY 1`)).rows;
  return all;
}

export async function empty(database: Database): Promise<void> {
  await database.query(`TRUNCATE ${TABLES.join(', ')}, live_models, promotions, models CASCADE`);
}

export interface Told {
  topic: string;
  id: string;
  key: string;
  value: Record<string, unknown>;
}

/** Takes everything out of the outbox, in its order. */
export async function takeOut(services: Services): Promise<Told[]> {
  const told: Told[] = [];
  const publish = async (topic: string, messages: readonly { id: string; key: string; content: string }[]) => {
    for (const { id, key, content } of messages) told.push({ topic, id, key, value: JSON.parse(content) });
  };
  while ((await services.outbox.drain(publish)).published > 0);
  return told;
}
