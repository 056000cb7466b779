/**
 * What a dead letter is, as it lies in its topic: the bytes that were refused, under the key and headers that they came with,
 * and headers of ours that say whence, when and why. Written by the intake (kafka/), read and sent again from here.
 */
import type { KafkaRecord } from './kafka/port';

/** Headers of ours begin so; all others came with the refused record. */
export const HEADER_PREFIX = 'kindred.';

/** Header of a record that was sent again: the id of the dead letter that it was. */
export const REPLAYED_HEADER = 'kindred.replayed';

export interface DeadLetter {
  /** `<topic>/<partition>/<offset>` of the refused record; a repeat has the same. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** UNDECODABLE, INVALID or OVERSIZED. */
  readonly code: string;
  /** The field at fault, where one is. */
  readonly field?: string;
  readonly reason: string;
  /** When the refused record was produced. */
  readonly producedAt?: Date;
  readonly failedAt: Date;
  /** Length of the value that was refused; more than is here where it was cut. */
  readonly bytes: number;
  /** Whether value, key or headers were cut: together they were too long to be kept whole. */
  readonly truncated: boolean;
  /** The dead letter that this was, before it was sent again and refused again. */
  readonly replayOf?: string;
}

/** With what it carries. */
export interface DeadLetterRecord extends DeadLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Those that the refused record came with. */
  readonly headers: Readonly<Record<string, Buffer>>;
}

const CUTS = ['truncated', 'key-truncated', 'headers-truncated'] as const;

/** Undefined for a record that somebody else put into the topic. */
export function readDeadLetter(record: KafkaRecord): DeadLetterRecord | undefined {
  const told = (name: string): string | undefined => record.headers[`${HEADER_PREFIX}${name}`]?.toString('utf8');
  const id = told('id');
  const topic = told('topic');
  const partition = Number(told('partition') ?? Number.NaN);
  const offset = Number(told('offset') ?? Number.NaN);
  if (id === undefined || topic === undefined || !isPlace(partition) || !isPlace(offset)) return undefined;
  const length = told('truncated');
  return {
    id,
    topic,
    partition,
    offset,
    code: told('code') ?? 'UNKNOWN',
    field: told('field'),
    reason: told('reason') ?? '',
    producedAt: moment(told('timestamp')),
    failedAt: moment(told('failed-at')) ?? new Date(record.timestamp),
    bytes: length === undefined ? (record.value?.length ?? 0) : Number(length),
    truncated: CUTS.some((name) => told(name) !== undefined),
    replayOf: told('replayed'),
    key: record.key,
    value: record.value,
    headers: originalHeaders(record.headers),
  };
}

/** Without what it carries: for lists. */
export function summary(letter: DeadLetterRecord): DeadLetter {
  const { key: _key, value: _value, headers: _headers, ...rest } = letter;
  return rest;
}

function originalHeaders(headers: Readonly<Record<string, Buffer>>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(HEADER_PREFIX)));
}

const isPlace = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** Epoch milliseconds or ISO 8601. */
function moment(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(/^\d+$/.test(text) ? Number(text) : text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
