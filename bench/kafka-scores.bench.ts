/**
 * Transactions scored on their way, end to end in one process. Throughput: from a backlog in Kafka to the messages in the topic of
 * scores, everything committed in between, beside the floor. Delay: at a steady rate that waits for nobody, from when a
 * transaction was meant to be sent until another process has seen its alert.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeModels } from '../test/faults/model';
import type { Figure } from './figure';
import { history } from './kafka-records';
import { type Pace, paceOf, quantile, Stage } from './kafka-stage';

const BACKLOG = 150_000;
const FLOOR_PER_SECOND = 5_000;
const STEADY_PER_SECOND = 2_000;
const STEADY_SECONDS = 30;
/** Of the steady part, left out: what is compiled and cached in the first seconds is not what a day looks like. */
const SETTLING_SECONDS = 5;
const LIMIT_MILLIS = 250;
const WITHIN = 300_000;

export async function* figures(): AsyncIterable<Figure> {
  yield* Stage.with(measure);
}

async function* measure(stage: Stage): AsyncGenerator<Figure> {
  const bench = 'kafka-scores';
  await makeModels(stage.databaseUrl, history());
  await stage.client.query('VACUUM ANALYZE');
  await stage.createTopics(['transactions', 'fraud-scores', 'alerts']);
  const load = stage.load({ stream: 'transactions', rows: BACKLOG });
  load.upTo(BACKLOG);
  await load.ended;
  await stage.member({ KINDRED_LOG_LEVEL: 'warn' });
  const { perSecond } = await scored(stage, BACKLOG);
  const throughput = { value: perSecond, peer: FLOOR_PER_SECOND, ratio: perSecond / FLOOR_PER_SECOND };
  yield {
    bench,
    figure: `scored from a backlog of ${BACKLOG}, beside the floor`,
    unit: 'transactions/s',
    ...throughput,
  };
  const delays = await alertDelays(stage);
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const value = quantile(delays, share);
    const figure = `produce to alert at ${STEADY_PER_SECOND}/s, ${name} of ${delays.length} alerts, beside the limit`;
    yield { bench, figure, value, unit: 'ms', peer: LIMIT_MILLIS, ratio: value / LIMIT_MILLIS };
  }
}

/** Until the topic of scores has them all: repeats would be counted too, so the table must agree. */
async function scored(stage: Stage, rows: number): Promise<Pace> {
  const pace = await paceOf(() => stage.messages('fraud-scores'), { upTo: rows, every: 50, within: WITHIN });
  const found = await stage.client.query<{ rows: string }>('SELECT count(*) AS rows FROM fraud_scores');
  if (Number(found.rows[0].rows) !== rows) throw new Error(`${found.rows[0].rows} scores of ${rows}`);
  return pace;
}

async function alertDelays(stage: Stage): Promise<number[]> {
  const rows = STEADY_PER_SECOND * STEADY_SECONDS;
  const reader = stage.script('kafka-alerts.ts', [stage.brokers, stage.topic('alerts')]);
  const seen: { meantAt: number; delay: number }[] = [];
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: reader.stdout! }).on('line', (line) => {
      if (line === 'ready') return resolve();
      const [id, at] = line.split(' ');
      // Alerts of the backlog have no time in their id.
      const [meantAt, number] = id.split('-');
      if (number) seen.push({ meantAt: Number(meantAt), delay: Number(at) - Number(meantAt) });
    });
  });
  await ready;
  const load = stage.load({ stream: 'transactions', rows, from: BACKLOG, perSecond: STEADY_PER_SECOND });
  await load.ended;
  await scored(stage, BACKLOG + rows);
  const { rows: found } = await stage.client.query<{ alerts: string }>(
    `SELECT count(*) AS alerts FROM alerts WHERE transaction_id LIKE '%-%'`,
  );
  const alerts = Number(found[0].alerts);
  for (let waits = 0; seen.length < alerts; waits++) {
    if (waits === 100) throw new Error(`${seen.length} of ${alerts} alerts were seen`);
    await sleep(100);
  }
  const from = Math.min(...seen.map(({ meantAt }) => meantAt)) + SETTLING_SECONDS * 1000;
  return seen.filter(({ meantAt }) => meantAt >= from).map(({ delay }) => delay);
}
