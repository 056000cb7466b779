/**
 * Producing through kafkajs: every message is acknowledged by all in-sync replicas. A try that failed may have been written: it
 * is tried again, so messages carry ids by which a repeat is known.
 */
import { type Kafka as Client, Partitioners, type Producer } from 'kafkajs';
import { KindredError } from '../../errors';
import { asKafkaError } from './kafkajs-errors';
import type { KafkaProducer, OutgoingMessage } from './port';

const ALL_REPLICAS = -1;

export class KafkajsProducer implements KafkaProducer {
  private readonly producer: Producer;
  private connecting?: Promise<void>;
  private closed = false;

  constructor(client: Client) {
    this.producer = client.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
  }

  async send(topic: string, messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    try {
      await this.connected();
      await this.producer.send({
        topic,
        acks: ALL_REPLICAS,
        messages: messages.map((message) => ({ ...message, headers: message.headers && { ...message.headers } })),
      });
    } catch (error) {
      throw asKafkaError(error, `Producing to ${topic}`);
    } finally {
      // The client connects anew for what was under way when it was closed.
      if (this.closed) await this.producer.disconnect();
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.connecting?.then(
      () => this.producer.disconnect(),
      () => undefined,
    );
  }

  private connected(): Promise<void> {
    if (this.closed) throw new KindredError('CANCELLED', 'This producer is closed.');
    this.connecting ??= this.producer.connect().catch((error) => {
      // The next message tries again.
      this.connecting = undefined;
      throw error;
    });
    return this.connecting;
  }
}
