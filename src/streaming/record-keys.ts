/** By which key a stream's records are spread over partitions: what belongs together in order lies in one. */
import type { StreamName, StreamRecord } from '../domain/events';

/** The field whose value is the key. Of a tie it is the smaller id, as decoding orders them. */
export const KEY_FIELDS = {
  interactions: 'userId',
  transactions: 'accountId',
  relations: 'userId',
  items: 'itemId',
  users: 'userId',
  labels: 'transactionId',
} as const satisfies { [S in StreamName]: keyof StreamRecord[S] };

export function keyOf<S extends StreamName>(stream: S, record: StreamRecord[S]): string {
  return (record as unknown as Readonly<Record<string, string>>)[KEY_FIELDS[stream]];
}

/** The key of text that may be a record: null where it is not JSON, or has no such field. */
export function keyOfText(stream: StreamName, text: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const key = (value as Record<string, unknown> | null)?.[KEY_FIELDS[stream]];
  return typeof key === 'string' && key !== '' ? key : null;
}
