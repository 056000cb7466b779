/** How far the input topics reach, asked of Kafka at most once a second, whoever wants to know how often. */
import type { StreamName } from '../domain/events';
import type { StreamTopics, TopicEnds } from '../services/stream-status';
import { Inquiry, type InquiryOptions } from './inquiry';
import type { Kafka, KafkaAdmin, PartitionOffsets } from './kafka/port';
import type { KafkaSettings } from './kafka/settings';
import { inputTopic, topicsOf } from './kafka/topics';

export class KafkaTopicEnds implements StreamTopics {
  private readonly inquiry: Inquiry<ReadonlyMap<string, readonly PartitionOffsets[]>>;
  private admin?: KafkaAdmin;

  constructor(
    private readonly kafka: Kafka,
    private readonly settings: KafkaSettings,
    options?: InquiryOptions,
  ) {
    this.inquiry = new Inquiry(() => this.fetch(), options);
  }

  topicOf(stream: StreamName): string {
    return inputTopic(this.settings, stream);
  }

  async ends(): Promise<TopicEnds> {
    const answer = await this.inquiry.answer();
    if (answer.kind === 'answer') return { topics: answer.value };
    const why =
      answer.kind === 'silence'
        ? `Kafka has not answered for ${answer.waitedMillis / 1_000} s.`
        : `Kafka does not say how far its topics reach: ${(answer.error as Error).message}`;
    return { topics: new Map(), error: why };
  }

  /** Twice without harm. */
  async close(): Promise<void> {
    const { admin } = this;
    this.admin = undefined;
    await admin?.close();
  }

  private async fetch(): Promise<ReadonlyMap<string, readonly PartitionOffsets[]>> {
    this.admin ??= this.kafka.admin();
    const { admin } = this;
    const topics = await admin.existing(topicsOf(this.settings).inputs);
    const offsets = await Promise.all(topics.map(async (topic) => [topic, await admin.offsets(topic)] as const));
    return new Map(offsets);
  }
}
