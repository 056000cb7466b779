/**
 * Rows a second from a topic to its table, exactly once, by one process that works off a backlog, beside a bare COPY of the same
 * rows, already in COPY's format and in memory, into the same table with the same indexes. The two take turns, on the same
 * server; the figure is the median of the rounds. Broker, server and Kindred share the machine.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { StreamRecord } from '../src/domain/events';
import { copyBytes } from '../src/stores/copy-text';
import { STREAM_TABLES, type StreamTable } from '../src/stores/stream-tables';
import type { Figure } from './figure';
import { payments, plays } from './kafka-records';
import { median, paceOf, Stage } from './kafka-stage';

const ROWS = 300_000;
const ROUNDS = 3;
const WITHIN = 300_000;
const STREAMS = ['interactions', 'transactions'] as const;
type Measured = (typeof STREAMS)[number];

export async function* figures(): AsyncIterable<Figure> {
  for (const stream of STREAMS) {
    const bare: number[] = [];
    const whole: number[] = [];
    const bytes = rowsForCopy(stream);
    for (let round = 0; round < ROUNDS; round++) {
      for await (const figure of Stage.with((stage) => copied(stage, stream, bytes))) bare.push(figure);
      for await (const figure of Stage.with((stage) => streamed(stage, stream))) whole.push(figure);
    }
    const value = median(whole);
    const peer = median(bare);
    const figure = `${stream}, Kafka to Postgres, ${ROWS} rows (beside: bare COPY)`;
    yield { bench: 'kafka-ingest', figure, value, unit: 'rows/s', peer, ratio: value / peer };
  }
}

/** The rows that the load will produce, as COPY wants them for the table itself. */
function rowsForCopy(stream: Measured): Buffer[] {
  const table = STREAM_TABLES[stream] as StreamTable<StreamRecord[Measured]>;
  const at = table.columns.findIndex(([, type]) => type === 'millis');
  const line = (record: StreamRecord[Measured]): string => {
    const cells = table.line(record).split('\t');
    cells[at] = record.occurredAt.toISOString();
    return cells.join('\t');
  };
  const next = (stream === 'transactions' ? payments : plays)(2);
  return [...copyBytes(Array.from({ length: ROWS }, () => next().record) as StreamRecord[Measured][], line)];
}

async function* copied(stage: Stage, stream: Measured, bytes: readonly Buffer[]): AsyncGenerator<number> {
  await stage.migrate();
  const columns = STREAM_TABLES[stream].columns.map(([name]) => name).join(', ');
  const startedAt = performance.now();
  const copy = stage.client.query(copyFrom(`COPY ${stream} (${columns}) FROM STDIN`));
  await pipeline(Readable.from(bytes, { objectMode: false }), copy);
  yield (ROWS * 1000) / (performance.now() - startedAt);
}

async function* streamed(stage: Stage, stream: Measured): AsyncGenerator<number> {
  await stage.createTopics([stream]);
  const load = stage.load({ stream, rows: ROWS });
  load.upTo(ROWS);
  await load.ended;
  await stage.migrate();
  await stage.member({ KINDRED_LOG_LEVEL: 'warn' });
  const { perSecond } = await paceOf(() => stage.taken(stream), { upTo: ROWS, within: WITHIN });
  const { rows } = await stage.client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${stream}`);
  if (Number(rows[0].rows) !== ROWS) throw new Error(`the table has ${rows[0].rows} rows of ${ROWS}`);
  yield perSecond;
}
