/** Produces records, with a Kafka client of its own, at a pace and until it is told to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { StreamName } from '../../src/domain/events';
import { type Message, type RecordOptions, Records } from './records';

/** Long enough for a broker that is started anew. */
const PATIENT = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 40 };

/** Bytes of one stream: below a broker's usual limit of 1 MB. */
const MOST_AT_ONCE = 900_000;

export const kafkaAt = (brokers: string): Kafka =>
  new Kafka({ clientId: 'faults', brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: PATIENT });

export interface FlowOptions extends RecordOptions {
  readonly brokers: string;
  readonly prefix: string;
}

/** Where a record came to lie. */
export interface Landed {
  readonly message: Message;
  readonly offset: number;
}

export class Flow {
  readonly records: Records;
  /** Every acknowledged message; one that was sent twice by a retry has the offset of the acknowledged copy. */
  readonly landed: Landed[] = [];
  /** Characters of all acknowledged messages. */
  characters = 0;
  private readonly producer: Producer;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: FlowOptions) {
    this.records = new Records(options);
    this.producer = kafkaAt(options.brokers).producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 });
  }

  async connect(): Promise<this> {
    await this.producer.connect();
    return this;
  }

  /** So many more records of each stream, at once. */
  async burst(each: number): Promise<void> {
    for (let made = 0; made < each; made += 200)
      await this.send(
        this.records.streams.flatMap((stream) =>
          Array.from({ length: Math.min(200, each - made) }, () => this.records.next(stream)),
        ),
      );
  }

  /** From now until `stop`, so many records a second of each stream. */
  start(perSecond: number): void {
    this.stopped = false;
    this.running = this.run(perSecond);
    // Whoever stops the flow is told; until then it is no unhandled rejection.
    this.running.catch(() => undefined);
  }

  /** Resolves once everything produced is acknowledged. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  async close(): Promise<void> {
    this.stopped = true;
    await this.running.catch(() => undefined);
    await this.producer.disconnect();
  }

  async send(messages: readonly Message[]): Promise<void> {
    const topics = new Map<StreamName, Message[]>();
    for (const message of messages) topics.set(message.stream, [...(topics.get(message.stream) ?? []), message]);
    const acknowledged = await this.producer.sendBatch({
      acks: -1,
      topicMessages: [...topics].map(([stream, list]) => ({
        topic: this.options.prefix + stream,
        messages: list.map(({ key, value, partition }) => ({ key, value, partition })),
      })),
    });
    for (const { topicName, partition, baseOffset } of acknowledged) {
      const sent = topics.get(topicName.slice(this.options.prefix.length) as StreamName)!;
      let offset = Number(baseOffset);
      for (const message of sent) {
        if (message.partition !== partition) continue;
        this.characters += message.value.length;
        // Of long ones the content is not kept: there would be more of it than this process should hold.
        this.landed.push({ message: this.options.filler ? { ...message, value: '' } : message, offset: offset++ });
      }
    }
  }

  private async run(perSecond: number): Promise<void> {
    const startedAt = Date.now();
    // What a broker takes at a time, even if all lies in one partition: who fell behind makes up for it in several.
    const most = Math.min(500, Math.floor(MOST_AT_ONCE / (1_000 + (this.options.filler ?? 0))));
    for (let made = 0; !this.stopped; ) {
      const due = Math.min(Math.floor(((Date.now() - startedAt) / 1000) * perSecond) - made, most);
      made += due;
      if (due > 0)
        await this.send(
          this.records.streams.flatMap((stream) => Array.from({ length: due }, () => this.records.next(stream))),
        );
      await sleep(20);
    }
  }
}
