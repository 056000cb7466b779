/**
 * Questions a second through the server, on the embedded store and, where KINDRED_TEST_DATABASE_URL is set, on Postgres. The
 * client is a process of its own (graphql-client.mjs). Similar items and scores are measured beside what they rest on (the
 * HNSW query with its join, the scoring service) with as many at once, in turns (A B A B), on the same open store.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import pino from 'pino';
import { Metrics } from '../src/metrics';
import { Readiness } from '../src/readiness';
import { type RunningServer, startServer } from '../src/server';
import { openServices, type Services } from '../src/services/services';
import type { Database, DatabaseKind } from '../src/stores/database';
import { openDatabase } from '../src/stores/open';
import { embedding, makePlace } from '../test/services/test-store';
import type { Figure } from './figure';

const ITEMS = 5_000;
const DIMENSION = 64;
const AT_ONCE = 8;
const ROUNDS = 3;
const SECONDS = 2;
const DAY = 86_400_000;

const RAW = `SELECT n.id, n.distance, i.title, i.attributes, i.image_uri FROM (
    SELECT id, input <=> (SELECT input FROM vectors_items_1 WHERE id = $1) AS distance FROM vectors_items_1
    ORDER BY input <=> (SELECT input FROM vectors_items_1 WHERE id = $1) LIMIT 11) n
  LEFT JOIN items i ON i.item_id = n.id ORDER BY n.distance`;

const SIMILAR = 'query($id: ID!) { similarItems(like: [$id]) { edges { score node { itemId title } } model { id } } }';
const SCORE =
  'query($t: TransactionInput!) { scoreTransaction(transaction: $t) { value decision reasons { feature share } } }';

export async function* figures(): AsyncIterable<Figure> {
  yield* figuresOn('embedded');
  if (process.env.KINDRED_TEST_DATABASE_URL) yield* figuresOn('postgres');
}

async function* figuresOn(kind: DatabaseKind): AsyncIterable<Figure> {
  const place = await makePlace(kind);
  const database = await openDatabase(place.location);
  const { services, close } = openServices(database, { trainingThreads: 1, onTrainingFailure: () => undefined });
  let server: RunningServer | undefined;
  try {
    const log = pino({ level: 'silent' });
    const metrics = new Metrics({ services, connections: () => database.connections() });
    const readiness = new Readiness({ askStore: () => services.store.describe(), log });
    server = await startServer({ host: '127.0.0.1', port: 0, services, readiness, metrics, log });
    const bench = `graphql on ${kind}`;
    const trivial = await asked(server.url, [question('{ __typename }')], ROUNDS * SECONDS);
    yield { bench, figure: 'trivial query', value: trivial, unit: 'requests/s' };
    yield { bench, ...(await similarItems(database, services, server.url)) };
    yield { bench, ...(await scoring(services, server.url)) };
  } finally {
    await server?.stop();
    await close();
    await database.close();
    await place.remove();
  }
}

async function similarItems(database: Database, services: Services, url: string): Promise<Omit<Figure, 'bench'>> {
  const ids = Array.from({ length: ITEMS }, (_, row) => `item${row}`);
  await services.ingestion.record(
    'items',
    ids.map((itemId) => ({ itemId, title: `Item ${itemId}`, attributes: { kind: 'music', year: 2001 } })),
  );
  await services.registry.promote((await services.registry.add(embedding({ ids, dimension: DIMENSION }))).id);
  const bodies = ids.map((id) => question(SIMILAR, { id }));
  const measured = await beside(
    (seconds) => asked(url, bodies, seconds),
    (seconds) => done((at) => database.query(RAW, [ids[at % ITEMS]]), seconds),
  );
  return { figure: `10 similar of ${ITEMS} items, dimension ${DIMENSION}, beside the HNSW query alone`, ...measured };
}

async function scoring(services: Services, url: string): Promise<Omit<Figure, 'bench'>> {
  const payments = Array.from({ length: 6_000 }, (_, at) => ({
    transactionId: `t${at}`,
    accountId: `a${at % 100}`,
    merchantId: `m${at % 200}`,
    amount: 5 + ((at * 37) % 90),
    currency: 'EUR',
    occurredAt: new Date(Date.UTC(2026, 0, 1) + (at / 6_000) * 30 * DAY),
  }));
  await services.ingestion.record('transactions', payments);
  const run = await services.training.start({
    trainer: 'autoencoder',
    options: { epochs: 2 },
    promote: true,
    force: true,
  });
  await run.outcome;
  const asNew = payments.map((payment, at) => ({
    ...payment,
    transactionId: `new${at}`,
    occurredAt: new Date('2026-01-31T00:00:00Z'),
  }));
  const bodies = asNew.map((payment) => question(SCORE, { t: payment }));
  const measured = await beside(
    (seconds) => asked(url, bodies, seconds),
    (seconds) => done((at) => services.fraud.scoreTransaction(asNew[at % asNew.length]), seconds),
  );
  return { figure: 'scoreTransaction, 90 rows of history, beside the service alone', ...measured };
}

/** Rates of a thing and of what it rests on, in turns after one turn that warms both up. */
async function beside(
  measure: (seconds: number) => Promise<number>,
  measurePeer: (seconds: number) => Promise<number>,
): Promise<{ value: number; peer: number; ratio: number; unit: string }> {
  await measure(1);
  await measurePeer(1);
  let value = 0;
  let peer = 0;
  for (let round = 0; round < ROUNDS; round++) {
    value += (await measure(SECONDS)) / ROUNDS;
    peer += (await measurePeer(SECONDS)) / ROUNDS;
  }
  return { value, peer, ratio: value / peer, unit: 'requests/s' };
}

function question(query: string, variables: Record<string, unknown> = {}): string {
  return JSON.stringify({ query, variables });
}

/** Answers a second to a client in a process of its own. */
async function asked(url: string, bodies: readonly string[], seconds: number): Promise<number> {
  const client = spawn(process.execPath, [join(__dirname, 'graphql-client.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  client.stdin.end(JSON.stringify({ url, bodies, seconds, connections: AT_ONCE }));
  const { rate } = (await json(client.stdout)) as { rate: number };
  return rate;
}

/** How often a second `work` gets done in this process, as many at once as the client asks. */
async function done(work: (at: number) => Promise<unknown>, seconds: number): Promise<number> {
  let at = 0;
  const from = performance.now();
  const to = from + seconds * 1000;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() < to) await work(at++);
    }),
  );
  return at / ((performance.now() - from) / 1000);
}
