/**
 * Memory of a process that scores transactions and takes in interactions for ten minutes as fast as it can; both topics always
 * have a backlog. Resident memory as Linux counts it, and the heap that is in use, sampled every second; what must be flat is the
 * median of the last third beside that of the first. KINDRED_BENCH_SOAK_SECONDS gives another duration.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../test/faults/members';
import { makeModels } from '../test/faults/model';
import type { Figure } from './figure';
import { history } from './kafka-records';
import { type Load, median, Stage } from './kafka-stage';

const SECONDS = Number(process.env.KINDRED_BENCH_SOAK_SECONDS ?? 600);
/** Left out at the beginning: caches fill and code is compiled. */
const WARM_UP_SHARE = 0.1;
/** Records that each topic is kept ahead of what has been taken in. */
const AHEAD = 40_000;
const STREAMS = ['transactions', 'interactions'] as const;

interface Sample {
  readonly second: number;
  readonly rss: number;
  readonly heap: number;
}

export async function* figures(): AsyncIterable<Figure> {
  yield* Stage.with(measure);
}

async function* measure(stage: Stage): AsyncGenerator<Figure> {
  const bench = 'kafka-soak';
  await makeModels(stage.databaseUrl, history());
  await stage.createTopics([...STREAMS, 'fraud-scores', 'alerts']);
  const loads = STREAMS.map((stream) => stage.load({ stream, rows: Number.MAX_SAFE_INTEGER }));
  const member = await stage.member({ KINDRED_LOG_LEVEL: 'warn' });
  const { samples, taken } = await soak(stage, member, loads);
  for (const [at, stream] of STREAMS.entries()) {
    const value = taken[at] / SECONDS;
    yield { bench, figure: `${stream}, over ${SECONDS} s`, value, unit: 'rows/s' };
  }
  const kept = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  for (const what of ['rss', 'heap'] as const) {
    const values = kept.map((sample) => sample[what]);
    const third = Math.floor(values.length / 3);
    const [peer, value] = [median(values.slice(0, third)), median(values.slice(-third))];
    const name = what === 'rss' ? 'resident memory' : 'heap in use';
    const figure = `${name}, median of the last third (beside: of the first)`;
    yield { bench, figure, value, unit: 'MB', peer, ratio: value / peer };
    yield { bench, figure: `${name}, slope`, value: 60 * slope(kept, what), unit: 'MB/min' };
    yield { bench, figure: `${name}, the most`, value: Math.max(...values), unit: 'MB' };
  }
}

async function soak(stage: Stage, member: Member, loads: readonly Load[]) {
  const samples: Sample[] = [];
  const startedAt = Date.now();
  const failed = Promise.race(loads.map(({ ended }) => ended));
  let taken: number[] = [];
  for (let second = 0; second < SECONDS; second = (Date.now() - startedAt) / 1000) {
    taken = await Promise.all(STREAMS.map((stream) => stage.taken(stream)));
    for (const [at, load] of loads.entries()) load.upTo(taken[at] + AHEAD);
    samples.push({ second, rss: member.memory(), heap: await heapOf(member) });
    await Promise.race([sleep(1_000), failed]);
  }
  return { samples, taken };
}

async function heapOf(member: Member): Promise<number> {
  const { body } = await member.get('/metrics');
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(body)?.[1]) / 1e6;
}

/** Least squares: of a quantity, a second. */
function slope(samples: readonly Sample[], what: 'rss' | 'heap'): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [x, y] = [mean(({ second }) => second), mean((sample) => sample[what])];
  const above = mean((sample) => (sample.second - x) * (sample[what] - y));
  return above / mean(({ second }) => (second - x) ** 2);
}
