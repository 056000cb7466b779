/**
 * Which records a replay reads: from a topic's name and two ends, as typed, to offsets in each partition. What retention has
 * taken of the range is told, not passed over.
 */
import { STREAMS, type StreamName } from '../domain/events';
import type { ReplayPartition } from '../domain/replay';
import { parseIso } from '../domain/times';
import { InputError, KindredError } from '../errors';
import type { KafkaAdmin, PartitionOffsets } from './kafka/port';
import type { KafkaSettings } from './kafka/settings';
import { inputTopic } from './kafka/topics';

/** An end of a range: an offset, which counts in each partition, a time, or where the topic begins or ends now. */
export type RangeEnd =
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'time'; readonly time: Date }
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' };

/** @param field names the option in the error @throws InputError */
export function parseRangeEnd(text: string, field: 'from' | 'to'): RangeEnd {
  if (text === 'earliest' || text === 'latest') return { kind: text };
  if (/^\d+$/.test(text)) {
    const offset = Number(text);
    if (Number.isSafeInteger(offset)) return { kind: 'offset', offset };
  }
  const time = parseIso(text);
  if (time !== undefined) return { kind: 'time', time: new Date(time) };
  throw new InputError(field, `"${text}" is neither an offset nor a time.`, {
    remedy: 'Give a whole number (an offset), a day (2026-06-01), an ISO 8601 time, earliest or latest.',
  });
}

/** A topic by its full name, or by its stream's. @throws InputError */
export function replayedStream(settings: KafkaSettings, name: string): { topic: string; stream: StreamName } {
  const stream = STREAMS.find((each) => name === each || name === inputTopic(settings, each));
  if (stream) return { topic: inputTopic(settings, stream), stream };
  throw new InputError('topic', `"${name}" is not one of the topics that Kindred takes in.`, {
    remedy: `They are ${STREAMS.map((each) => inputTopic(settings, each)).join(', ')}.`,
  });
}

export interface ResolvedRange {
  readonly partitions: ReplayPartition[];
  /** What of the range is gone, or may be, in whole sentences. */
  readonly warnings: readonly string[];
}

/** @throws KindredError NOT_FOUND for a topic that is not there; InputError for ends that are the wrong way round */
export async function resolveRange(
  admin: KafkaAdmin,
  topic: string,
  { from, to }: { from: RangeEnd; to: RangeEnd },
): Promise<ResolvedRange> {
  if ((await admin.existing([topic])).length === 0)
    throw new KindredError('NOT_FOUND', `The broker has no topic "${topic}".`, {
      field: 'topic',
      remedy: 'Check KAFKA_BROKERS and KAFKA_TOPIC_PREFIX; `kindred streams` shows what is there.',
    });
  if (from.kind === to.kind && orderOf(from) > orderOf(to)) throw endsBeforeItBegins();
  const partitions = await admin.offsets(topic);
  if (from.kind === 'offset' && partitions.every(({ end }) => from.offset > end))
    throw new InputError('from', `No partition of ${topic} reaches offset ${from.offset}.`, {
      remedy: '`kindred streams` shows how far each one reaches.',
    });
  const first = await offsetsOf(admin, topic, from, partitions);
  const last = await offsetsOf(admin, topic, to, partitions);
  if (partitions.every(({ partition }) => last(partition) < first(partition))) throw endsBeforeItBegins();
  const warnings: string[] = [];
  const resolved = partitions.map(({ partition, start, end }) => {
    const low = Math.min(first(partition), end);
    const next = Math.max(low, start);
    const high = Math.max(Math.min(last(partition), end), next);
    if (next > low) warnings.push(lostSentence(partition, low, next));
    else if (from.kind === 'time' && next === start && start > 0)
      warnings.push(
        `Partition ${partition} begins at offset ${start} now, at or after ${from.time.toISOString()}: older records of the range may be gone.`,
      );
    return { partition, from: low, to: high, next, rejected: 0, lost: next - low };
  });
  return { partitions: resolved, warnings };
}

function orderOf(end: RangeEnd): number {
  return end.kind === 'offset' ? end.offset : end.kind === 'time' ? end.time.getTime() : 0;
}

function endsBeforeItBegins(): InputError {
  return new InputError('to', 'The range ends before it begins.', { remedy: 'Give --to an end after --from.' });
}

export function lostSentence(partition: number, from: number, next: number): string {
  return `Partition ${partition}: offsets ${from} to ${next - 1} are gone from the topic by retention; reading begins at ${next}.`;
}

async function offsetsOf(
  admin: KafkaAdmin,
  topic: string,
  end: RangeEnd,
  partitions: readonly PartitionOffsets[],
): Promise<(partition: number) => number> {
  switch (end.kind) {
    case 'offset':
      return () => end.offset;
    case 'time':
      return lookup((await admin.offsetsAt(topic, end.time)).map(({ partition, offset }) => [partition, offset]));
    case 'earliest':
      return lookup(partitions.map(({ partition, start }) => [partition, start]));
    case 'latest':
      return lookup(partitions.map(({ partition, end: next }) => [partition, next]));
  }
}

function lookup(offsets: readonly (readonly [number, number])[]): (partition: number) => number {
  const byPartition = new Map(offsets);
  // A partition that was added between two questions has nothing of the range.
  return (partition) => byPartition.get(partition) ?? 0;
}
