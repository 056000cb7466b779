/**
 * A process of its own that produces records, so that it does not take the thread of what is measured.
 *   node -r ./scripts/typescript.cjs bench/kafka-load.ts '<LoadOptions as JSON>'
 * Without `perSecond` it produces as fast as Kafka takes them, up to the number last read from stdin (a line a number), and says
 * on stdout how far it is; it ends at `rows`. With `perSecond` it keeps to the clock whatever Kafka does (an open loop), and a
 * transaction's id begins with the time at which it was meant to be sent.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { payments, plays, type Sent } from './kafka-records';

export interface LoadOptions {
  readonly brokers: string;
  readonly topic: string;
  readonly stream: 'interactions' | 'transactions';
  readonly rows: number;
  /** Number of the first record. @default 0 */
  readonly from?: number;
  readonly perSecond?: number;
}

const AT_ONCE = 2_000;
const TICK_MILLIS = 5;

async function main(options: LoadOptions): Promise<void> {
  const kafka = new Kafka({ clientId: 'load', brokers: options.brokers.split(','), logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const next: () => Sent<object> = (options.stream === 'transactions' ? payments : plays)(2, options.from);
  const send = (sent: readonly Sent<object>[]) =>
    producer.send({
      topic: options.topic,
      acks: 1,
      messages: sent.map(({ key, record }) => ({ key, value: JSON.stringify(record) })),
    });
  if (options.perSecond === undefined) await upToTheMark(options, next, send);
  else await byTheClock(options, options.perSecond, next, send);
  await producer.disconnect();
}

type Send = (sent: readonly Sent<object>[]) => Promise<unknown>;

async function upToTheMark({ rows }: LoadOptions, next: () => Sent<object>, send: Send): Promise<void> {
  let mark = 0;
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    mark = Number(line);
  });
  for (let made = 0; made < rows; ) {
    const due = Math.min(AT_ONCE, Math.min(rows, mark) - made);
    if (due <= 0) {
      await sleep(TICK_MILLIS);
      continue;
    }
    await send(Array.from({ length: due }, next));
    made += due;
    console.log(made);
  }
  lines.close();
}

/** Nothing waits for an answer: what Kafka is slow to take is sent late by its own fault and counted from when it was due. */
async function byTheClock({ rows }: LoadOptions, perSecond: number, next: () => Sent<object>, send: Send) {
  const startedAt = Date.now();
  const sending: Promise<unknown>[] = [];
  for (let made = 0; made < rows; ) {
    const due = Math.min(rows, Math.floor(((Date.now() - startedAt) * perSecond) / 1000)) - made;
    if (due > 0) sending.push(send(Array.from({ length: due }, (_, at) => dated(next(), meantAt(made + at)))));
    made += Math.max(0, due);
    await sleep(TICK_MILLIS);
  }
  await Promise.all(sending);

  function meantAt(place: number): number {
    return startedAt + (place * 1000) / perSecond;
  }
}

function dated(sent: Sent<object>, at: number): Sent<object> {
  const record = sent.record as { transactionId?: string };
  return { ...sent, record: { ...record, transactionId: `${at.toFixed(1)}-${record.transactionId}` } };
}

void main(JSON.parse(process.argv[2]));
