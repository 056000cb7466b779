/** Wires what there is where a broker is configured: Kafka's client, the streams, and what tells of them. */
import type { Logger } from 'pino';
import type { Metrics } from './metrics';
import type { ServiceSettings, Services } from './services/services';
import { BacklogWatch } from './streaming/backlog-watch';
import { openKafka } from './streaming/kafka/kafkajs';
import type { KafkaSettings } from './streaming/kafka/settings';
import { topicsOf } from './streaming/kafka/topics';
import { observers } from './streaming/observer';
import { StreamLog } from './streaming/stream-log';
import { Streams } from './streaming/streams';
import { KafkaTopicEnds } from './streaming/topic-ends';

export interface StreamWiring {
  /** What the services need to know of Kafka. */
  readonly serviceSettings: Pick<ServiceSettings, 'streamTopics' | 'outboxTopics'>;
  /** Begins to read; returns at once, whether a broker answers or not. Once. */
  start(services: Services, metrics: Metrics): void;
  /** Why the streams cannot work now, or undefined when they can. */
  obstacle(): string | undefined;
  /** In bounded time, also when no broker answers, and when never started. Twice without harm. */
  stop(): Promise<void>;
}

export function wireStreams(settings: KafkaSettings, parent: Logger): StreamWiring {
  const log = parent.child({ part: 'streams' });
  const kafka = openKafka(settings, parent.child({ part: 'kafka' }));
  const ends = new KafkaTopicEnds(kafka, settings);
  const { fraudScores: scores, alerts, models } = topicsOf(settings);
  let running: { streams: Streams; told: StreamLog; backlog: BacklogWatch } | undefined;
  return {
    serviceSettings: { streamTopics: ends, outboxTopics: { scores, alerts, models } },
    start: (services, metrics) => {
      const told = new StreamLog({ log });
      const streams = new Streams({
        kafka,
        settings,
        services,
        log,
        observer: observers(metrics.observer, told.observer),
      });
      const backlog = new BacklogWatch({ intakes: () => services.streamStatus.look().all(), log });
      running = { streams, told, backlog };
      streams.start();
      backlog.start();
    },
    obstacle: () => obstacleOf(running?.streams),
    stop: async () => {
      running?.backlog.stop();
      await running?.streams.stop();
      running?.told.close();
      await ends.close();
    },
  };
}

function obstacleOf(streams: Streams | undefined): string | undefined {
  const state = streams?.state().consumer;
  switch (state?.kind) {
    case 'joined':
      return undefined;
    case 'connecting':
      return state.lastError === undefined
        ? 'It is joining its group.'
        : 'It could not join its group and tries again.';
    case 'waiting':
      return 'It could not join its group and tries again.';
    case 'stopped':
    case undefined:
      return 'It does not read.';
  }
}
