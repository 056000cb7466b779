/**
 * Questions a second through the server, on the embedded store: similar items beside the HNSW query alone on the same
 * table (the limit) and beside a trivial query (what GraphQL itself takes); and scores of transactions. The client is in
 * this process too, so that the figures are of one machine doing both.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../src/app';
import { readConfig } from '../src/config';
import { ModelRegistry } from '../src/services/registry';
import { openDatabase } from '../src/stores/open';
import { embedding } from '../test/services/test-store';
import type { Figure } from './figure';

const ITEMS = 5_000;
const DIMENSION = 64;
const AT_ONCE = 8;
const SECONDS = 4;
const DAY = 86_400_000;

export async function* figures(): AsyncIterable<Figure> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kindred-bench-'));
  const ids = Array.from({ length: ITEMS }, (_, row) => `item${row}`);
  try {
    const database = await openDatabase({ dataDir });
    const registry = new ModelRegistry(database);
    await registry.promote((await registry.add(embedding({ ids, dimension: DIMENSION }))).id);
    const raw = await rate((at) =>
      database.query(
        `SELECT id FROM vectors_items_1 ORDER BY input <=> (SELECT input FROM vectors_items_1 WHERE id = $1) LIMIT 11`,
        [ids[at % ITEMS]],
      ),
    );
    await database.close();
    const app = await createApp(
      readConfig({ KINDRED_PORT: '0', KINDRED_LOG_LEVEL: 'error', KINDRED_DATA_DIR: dataDir }),
    );
    try {
      const { url } = await app.start();
      const trivial = await rate(() => ask(url, '{ __typename }', {}));
      yield { bench: 'graphql', figure: 'trivial query', value: trivial, unit: 'requests/s' };
      const similar = await rate((at) =>
        ask(
          url,
          'query($id: ID!) { item(itemId: $id) { itemId } similarItems(like: [$id]) { edges { score node { itemId } } model { id } } }',
          {
            id: ids[at % ITEMS],
          },
        ),
      );
      const figure = `10 similar of ${ITEMS} items, dimension ${DIMENSION}`;
      yield {
        bench: 'graphql',
        figure: `${figure}, beside HNSW alone`,
        value: similar,
        unit: 'requests/s',
        peer: raw,
        ratio: similar / raw,
      };
      const scores = await scoring(app, url);
      yield { bench: 'graphql', figure: 'scoreTransaction, 60 rows of history', value: scores, unit: 'requests/s' };
    } finally {
      await app.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function scoring(app: App, url: string): Promise<number> {
  const payments = Array.from({ length: 6_000 }, (_, at) => ({
    transactionId: `t${at}`,
    accountId: `a${at % 100}`,
    merchantId: `m${at % 200}`,
    amount: 5 + ((at * 37) % 90),
    currency: 'EUR',
    occurredAt: new Date(Date.UTC(2026, 0, 1) + (at / 6_000) * 30 * DAY),
  }));
  await app.services.ingestion.record('transactions', payments);
  const run = await app.services.training.start({
    trainer: 'autoencoder',
    options: { epochs: 2 },
    promote: true,
    force: true,
  });
  await run.outcome;
  return rate((at) =>
    ask(
      url,
      'query($t: TransactionInput!) { scoreTransaction(transaction: $t) { value decision reasons { feature share } } }',
      {
        t: { ...payments[at % 6_000], transactionId: `new${at}`, occurredAt: '2026-01-31T00:00:00Z' },
      },
    ),
  );
}

async function ask(url: string, query: string, variables: Record<string, unknown>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { errors } = (await response.json()) as { errors?: unknown };
  if (errors) throw new Error(`The server refused the benchmark's question: ${JSON.stringify(errors)}`);
}

/** How often a second `work` gets done, some at once, after a warm-up of a tenth of the time. */
async function rate(work: (at: number) => Promise<unknown>): Promise<number> {
  let at = 0;
  let done = 0;
  const startedAt = performance.now();
  const from = startedAt + SECONDS * 100;
  const to = from + SECONDS * 1000;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() < to) {
        await work(at++);
        if (performance.now() >= from) done++;
      }
    }),
  );
  return done / ((performance.now() - from) / 1000);
}
