import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../src/app';
import { readConfig } from '../src/config';
import { Metrics } from '../src/metrics';
import { GraphQLClient } from './graphql-client';

const page = readFileSync(join(__dirname, '..', 'docs', 'metrics.md'), 'utf8');
const documented = [...page.matchAll(/^\| `(kindred_\w+)` \| (\w+) \| (.*?) \|/gm)].map(([, name, type, labels]) => ({
  name,
  type,
  labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
}));

/** Samples of the text format: name and labels to value. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('the metrics of a running app', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kindred-metrics-'));
  let app: App;
  let client: GraphQLClient;

  beforeAll(async () => {
    app = await createApp(readConfig({ KINDRED_DATA_DIR: dataDir, KINDRED_PORT: '0', KINDRED_LOG_LEVEL: 'silent' }));
    client = new GraphQLClient((await app.start()).url);
  });
  afterAll(async () => {
    await app.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const scrape = async () => {
    const response = await fetch(client.url.replace('graphql', 'metrics'));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    return samples(await response.text());
  };

  it('are the ones that docs/metrics.md lists, with the same types and labels', () => {
    const { registry } = new Metrics({
      services: app.services,
      connections: () => ({ idle: 0, busy: 0, waiting: 0 }),
    });
    const registered = registry
      .getMetricsAsArray()
      .filter(({ name }) => name.startsWith('kindred_'))
      .map((metric) => {
        const { name, type, labelNames } = metric as unknown as { name: string; type: string; labelNames: string[] };
        return { name, type, labels: labelNames };
      });
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect([...documented].sort(byName)).toEqual(registered.sort(byName));
  });

  it('count GraphQL requests by type of operation and outcome, and by nothing that anybody named', async () => {
    const before = await scrape();
    await client.ask('query Mine { streams { stream } }');
    await client.ask('{ noSuchField }');
    await client.ask('{ similarItems(like: ["i1"]) { edges { score } } }');
    await client.ask('mutation { upsertItems(items: [{ itemId: "i1" }]) { accepted } }');
    await client.ask('{ streams {');
    const after = await scrape();
    const grown = (operation: string, outcome: string) => {
      const name = `kindred_graphql_request_seconds_count{operation="${operation}",outcome="${outcome}"}`;
      return (after.get(name) ?? 0) - (before.get(name) ?? 0);
    };
    expect({
      ok: grown('query', 'ok'),
      mutated: grown('mutation', 'ok'),
      refused: grown('query', 'refused'),
      invalid: grown('none', 'refused'),
      failed: grown('query', 'failed') + grown('none', 'failed'),
    }).toEqual({ ok: 1, mutated: 1, refused: 1, invalid: 2, failed: 0 });
    expect([...after.keys()].filter((name) => name.includes('Mine'))).toEqual([]);
  });

  it('tell how the store, its connections and the process are, and begin counters at 0', async () => {
    const now = await scrape();
    expect(now.get('kindred_store_up')).toBe(1);
    expect(now.get('kindred_outbox_messages')).toBe(0);
    expect(now.get('kindred_stream_records_total{stream="transactions"}')).toBe(0);
    expect(now.get('kindred_stream_dead_letters_total{stream="labels",code="INVALID"}')).toBe(0);
    expect(now.get('kindred_database_connections{state="waiting"}')).toBe(0);
    expect(now.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    expect(now.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    // No Kafka here, so nothing is said of it.
    expect(now.has('kindred_kafka_up')).toBe(false);
  });

  it('add up what batches came to', async () => {
    const { registry, observer } = new Metrics({
      services: app.services,
      connections: () => ({ idle: 1, busy: 2, waiting: 3 }),
    });
    const batch = { records: 8, duplicates: 1, deadLetters: { INVALID: 2 }, scores: 5, alerts: 1, awaiting: 0 };
    observer.onBatch({ stream: 'transactions', seconds: 0.2, ...batch });
    observer.onBatch({ stream: 'transactions', seconds: 0.4, ...batch });
    observer.onScored([20, 400]);
    observer.onAssigned([{ topic: 'kindred.transactions', partition: 0 }]);
    observer.onCommitRefused('transactions');
    observer.onError(undefined, new Error('gone'));
    observer.onRelayed('kindred.alerts', 7);
    const now = samples(await registry.metrics());
    const of = (name: string) => now.get(`kindred_${name}`);
    expect(of('stream_records_total{stream="transactions"}')).toBe(16);
    expect(of('stream_duplicates_total{stream="transactions"}')).toBe(2);
    expect(of('stream_dead_letters_total{stream="transactions",code="INVALID"}')).toBe(4);
    expect(of('stream_batch_seconds_sum{stream="transactions"}')).toBeCloseTo(0.6);
    expect(of('stream_batch_records_bucket{le="10",stream="transactions"}')).toBe(2);
    expect(of('stream_scores_total')).toBe(10);
    expect(of('stream_alerts_total')).toBe(2);
    expect(of('stream_score_delay_seconds_bucket{le="0.25"}')).toBe(1);
    expect(of('stream_commits_refused_total{stream="transactions"}')).toBe(1);
    expect(of('stream_errors_total{stream="all"}')).toBe(1);
    expect(of('consumer_partitions')).toBe(1);
    expect(of('outbox_relayed_total')).toBe(7);
    expect(of('database_connections{state="waiting"}')).toBe(3);
    observer.onCrash(new Error('dead'));
    expect(samples(await registry.metrics()).get('kindred_consumer_partitions')).toBe(0);
  });
});
