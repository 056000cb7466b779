/**
 * What Prometheus may know: one registry an app, filled by what happens (streams, GraphQL requests) and, at each scrape, by asking
 * what stands where. docs/metrics.md lists every one; a test holds it against this file. Labels take values from small fixed
 * sets, or from the names of topics: never from what people send.
 */
import type { ApolloServerPlugin } from '@apollo/server';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { STREAMS } from './domain/events';
import type { Context } from './resolvers/context';
import type { Services } from './services/services';
import type { OutputFacts } from './services/stream-status';
import type { ConnectionUse } from './stores/database';
import { type Answer, Inquiry, type InquiryOptions } from './streaming/inquiry';
import { NOBODY, type StreamObserver } from './streaming/observer';

export interface MetricsSources {
  services: Pick<Services, 'streamStatus' | 'registry'>;
  connections(): ConnectionUse;
  inquiry?: InquiryOptions;
}

const DEAD_LETTER_CODES = ['UNDECODABLE', 'INVALID', 'OVERSIZED'] as const;
/** Spaces may have any name that somebody gave them; these are Kindred's own. */
const SPACES: ReadonlySet<string> = new Set(['items', 'users', 'accounts']);
const BATCH_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const BATCH_RECORDS = [1, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000];
const DELAY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly registry = new Registry();
  readonly observer: StreamObserver;
  readonly graphqlPlugin: ApolloServerPlugin<Context>;

  constructor(sources: MetricsSources) {
    this.observer = streamMetrics(this.registry);
    this.graphqlPlugin = requestMetrics(this.registry);
    stateMetrics(this.registry, sources);
    collectDefaultMetrics({ register: this.registry });
  }
}

/** Counted as it happens. */
function streamMetrics(registry: Registry): StreamObserver {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> =>
    new Counter({ name: `kindred_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    { help, buckets, labelNames }: { help: string; buckets: number[]; labelNames: Label[] },
  ): Histogram<Label> => new Histogram({ name: `kindred_${name}`, help, buckets, labelNames, registers });

  const records = counter('stream_records_total', 'Valid records taken in, repeats included.', 'stream');
  const duplicates = counter('stream_duplicates_total', 'Records that the store had already.', 'stream');
  const deadLetters = counter('stream_dead_letters_total', 'Records that were refused.', 'stream', 'code');
  const refused = counter('stream_commits_refused_total', 'Batches undone: another had the partition.', 'stream');
  const errors = counter('stream_errors_total', 'Failures after which a stream tried again.', 'stream');
  const batchSeconds = histogram('stream_batch_seconds', {
    help: 'From taking a batch to its commit.',
    buckets: BATCH_SECONDS,
    labelNames: ['stream'],
  });
  const batchRecords = histogram('stream_batch_records', {
    help: 'Records in a batch, refused ones included.',
    buckets: BATCH_RECORDS,
    labelNames: ['stream'],
  });
  const scores = counter('stream_scores_total', 'Transactions of streams that were scored, on their way or later.');
  const alerts = counter('stream_alerts_total', 'Scores that became alerts.');
  const delay = histogram('stream_score_delay_seconds', {
    help: "From a transaction's being produced to its score's commit.",
    buckets: DELAY_SECONDS,
    labelNames: [],
  });
  const relayed = counter('outbox_relayed_total', 'Messages from the outbox that Kafka acknowledged.');
  const crashes = counter('consumer_crashes_total', 'Consumers that died.');
  const restarts = counter('consumer_restarts_total', 'Consumers made after one died.');
  const rebalances = counter(
    'consumer_rebalances_total',
    'Times that this member joined its group, the first included.',
  );
  const assigned = new Gauge({
    name: 'kindred_consumer_partitions',
    help: 'Partitions that this member has.',
    registers,
  });

  // A counter that begins at nothing has no first step: rates and alarms need the zero.
  for (const stream of STREAMS) {
    for (const each of [records, duplicates, refused, errors]) each.inc({ stream }, 0);
    for (const code of DEAD_LETTER_CODES) deadLetters.inc({ stream, code }, 0);
  }
  errors.inc({ stream: 'all' }, 0);
  return {
    ...NOBODY,
    onBatch: (batch) => {
      const { stream } = batch;
      const letters = Object.entries(batch.deadLetters);
      records.inc({ stream }, batch.records);
      duplicates.inc({ stream }, batch.duplicates);
      for (const [code, count] of letters) deadLetters.inc({ stream, code }, count);
      batchSeconds.observe({ stream }, batch.seconds);
      batchRecords.observe({ stream }, batch.records + letters.reduce((sum, [, count]) => sum + count, 0));
      scores.inc(batch.scores);
      alerts.inc(batch.alerts);
    },
    onScored: (lagMillis) => {
      for (const millis of lagMillis) delay.observe(Math.max(0, millis) / 1_000);
    },
    onAwaitedScored: (scored, raised) => {
      scores.inc(scored);
      alerts.inc(raised);
    },
    onAssigned: (partitions) => {
      rebalances.inc();
      assigned.set(partitions.length);
    },
    onCommitRefused: (stream) => refused.inc({ stream }),
    onCrash: () => {
      crashes.inc();
      assigned.set(0);
    },
    onRestart: () => restarts.inc(),
    onError: (stream) => errors.inc({ stream: stream ?? 'all' }),
    onRelayed: (_topic, messages) => relayed.inc(messages),
  };
}

const OPERATIONS = ['query', 'mutation', 'subscription', 'none'] as const;
const OUTCOMES = ['ok', 'refused', 'failed'] as const;

/** A request is refused when it was wrong, and failed when Kindred was. */
function requestMetrics(registry: Registry): ApolloServerPlugin<Context> {
  const requests = new Histogram({
    name: 'kindred_graphql_request_seconds',
    help: 'GraphQL requests over HTTP, by type of operation and outcome.',
    labelNames: ['operation', 'outcome'] as const,
    buckets: REQUEST_SECONDS,
    registers: [registry],
  });
  for (const operation of OPERATIONS.slice(0, 2)) for (const outcome of OUTCOMES) requests.zero({ operation, outcome });
  return {
    async requestDidStart() {
      const end = requests.startTimer();
      return {
        async willSendResponse({ response, operation }) {
          const { body } = response;
          const errors = (body.kind === 'single' ? body.singleResult.errors : body.initialResult.errors) ?? [];
          const failed = errors.some(({ extensions }) => FAILURES.has(String(extensions?.code)));
          end({
            operation: operation?.operation ?? 'none',
            outcome: failed ? 'failed' : errors.length > 0 ? 'refused' : 'ok',
          });
        },
      };
    },
  };
}

const FAILURES: ReadonlySet<string> = new Set(['INTERNAL_SERVER_ERROR', 'DATABASE_UNAVAILABLE', 'KAFKA_UNAVAILABLE']);

interface Sample<Label extends string> {
  labels?: Partial<Record<Label, string | number>>;
  value: number;
}

/** Asked at each scrape. What does not answer in time is left out, and says so by its own `up`. */
function stateMetrics(registry: Registry, { services, connections, inquiry }: MetricsSources): void {
  const { streamStatus, registry: models } = services;
  const outputs = new Inquiry(() => streamStatus.outputs(), inquiry);
  const live = new Inquiry(async () => (await models.list()).filter((model) => model.live), inquiry);
  const intakes = new Inquiry(async () => [...(await streamStatus.look().all()).values()], inquiry);
  const gauge = <Label extends string>(
    name: string,
    { help, labelNames = [] }: { help: string; labelNames?: Label[] },
    read: () => Promise<Sample<Label>[]>,
  ): void => {
    new Gauge<Label>({
      name: `kindred_${name}`,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const samples = await read();
        // Partitions come and go, and so do models: what is not told again is not known.
        this.reset();
        if (labelNames.length === 0) this.remove();
        for (const { labels, value } of samples) this.set(labels ?? {}, value);
      },
    });
  };
  // First, so that what a scrape asks itself is not counted.
  gauge(
    'database_connections',
    { help: 'Connections to the database, and callers that wait for one.', labelNames: ['state'] },
    async () => Object.entries(connections()).map(([state, value]) => ({ labels: { state }, value })),
  );
  gauge('store_up', { help: '1 while the store answers.' }, async () => [
    { value: (await outputs.answer()).kind === 'answer' ? 1 : 0 },
  ]);
  gauge('kafka_up', { help: '1 while Kafka answers; absent where none is configured.' }, async () => {
    const answers = await streamStatus.kafkaAnswers();
    return answers === undefined ? [] : [{ value: answers ? 1 : 0 }];
  });
  gauge(
    'stream_lag_records',
    { help: 'Records between what was taken in and the end of the partition.', labelNames: ['topic', 'partition'] },
    async () =>
      (told(await intakes.answer()) ?? []).flatMap(({ partitions }) =>
        partitions.flatMap(({ topic, partition, lag }) =>
          lag === undefined ? [] : [{ labels: { topic, partition }, value: lag }],
        ),
      ),
  );
  const outputGauge = (name: string, help: string, of: (facts: OutputFacts) => number): void =>
    gauge(name, { help }, async () => {
      const facts = told(await outputs.answer());
      return facts ? [{ value: of(facts) }] : [];
    });
  outputGauge('outbox_messages', 'Messages that Kafka has not acknowledged yet.', (facts) => facts.outboxMessages);
  outputGauge('outbox_oldest_seconds', 'Age of the oldest of them.', ({ outboxOldestAt }) =>
    outboxOldestAt ? Math.max(0, Date.now() - outboxOldestAt.getTime()) / 1_000 : 0,
  );
  outputGauge('awaiting_scores', 'Transactions that wait for a live model.', (facts) => facts.awaitingScores);
  gauge(
    'live_model_info',
    { help: 'Always 1: the model that answers for a space.', labelNames: ['space', 'model', 'trainer'] },
    async () =>
      (told(await live.answer()) ?? [])
        .filter(({ space }) => SPACES.has(space))
        .map(({ space, id, trainer }) => ({ labels: { space, model: id, trainer }, value: 1 })),
  );
}

const told = <T>(answer: Answer<T>): T | undefined => (answer.kind === 'answer' ? answer.value : undefined);
