/**
 * Relay paging over ranked lists. A cursor names the version that gave the list, the list itself (a digest of its
 * question), and the position of an entry: paging stays on that version, in its order, whatever is promoted meanwhile.
 * Cursors are opaque to clients and carry nothing secret; one that was changed, or comes from another list, is refused.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../errors';
import type { Position } from '../stores/ranking';

export const MAX_PAGE = 100;
/** Long enough for every cursor of ours; what is longer is not one. */
const MAX_CURSOR_LENGTH = 2_048;

/** @throws InputError for anything but a whole number of 1..100 */
export function pageSize(first: number, field = 'first'): number {
  if (Number.isInteger(first) && first >= 1 && first <= MAX_PAGE) return first;
  throw new InputError(field, `"${field}" must be a whole number from 1 to ${MAX_PAGE}.`, {
    remedy: `Ask for at most ${MAX_PAGE} entries, and go on from the page's endCursor.`,
  });
}

/** What a cursor of a ranked list holds. */
export interface ListCursor {
  modelId: string;
  /** How the list was ranked: a list that began as popular goes on as popular. */
  ranking: string;
  position: Position;
  /** For lists from a history: up to when it counted. */
  asOf?: Date;
}

const listCursor = z.tuple([
  z.string().max(100),
  z.string().max(20),
  z.string().length(12),
  z.number(),
  z.string().max(1_000),
  z.number().int().min(-8.64e15).max(8.64e15).nullable(),
  z.string().length(8),
]);

/** What tells lists apart: the question, without its page. */
export function listDigest(question: unknown): string {
  return digest(JSON.stringify(question)).slice(0, 12);
}

export function encodeListCursor(cursor: ListCursor, list: string): string {
  const { position } = cursor;
  const body = [cursor.modelId, cursor.ranking, list, position.distance, position.id, cursor.asOf?.getTime() ?? null];
  return encode([...body, digest(JSON.stringify(body)).slice(0, 8)]);
}

/** @throws InputError for a cursor that is not one of this list's */
export function decodeListCursor(text: string, list: string, field = 'after'): ListCursor {
  const { ofList, ...cursor } = readListCursor(text, field);
  if (ofList !== list)
    throw new InputError(field, `"${field}" is a cursor of another list.`, {
      remedy: 'Keep the question the same from page to page, or start again without a cursor.',
    });
  return cursor;
}

/**
 * What a cursor says, before its list is known: lists that depend on their model need its id first.
 * @throws InputError for what is no cursor
 */
export function readListCursor(text: string, field = 'after'): ListCursor & { ofList: string } {
  const parsed = listCursor.safeParse(decode(text));
  if (!parsed.success) throw forged(field);
  const [modelId, ranking, ofList, distance, id, asOf, check] = parsed.data;
  if (digest(JSON.stringify(parsed.data.slice(0, 6))).slice(0, 8) !== check) throw forged(field);
  return { modelId, ranking, ofList, position: { distance, id }, ...(asOf !== null && { asOf: new Date(asOf) }) };
}

const timeCursor = z.tuple([z.literal('t'), z.number().int().min(-8.64e15).max(8.64e15), z.string().max(100)]);

/** Cursor of a list in order of time. */
export function encodeTimeCursor(position: { createdAt: Date; id: string }): string {
  return encode(['t', position.createdAt.getTime(), position.id]);
}

/** @throws InputError */
export function decodeTimeCursor(text: string, field = 'after'): { createdAt: Date; id: string } {
  const parsed = timeCursor.safeParse(decode(text));
  if (!parsed.success) throw forged(field);
  return { createdAt: new Date(parsed.data[1]), id: parsed.data[2] };
}

export function cursorOfDroppedModel(field: string, modelId: string): InputError {
  return new InputError(field, `"${field}" is a cursor of model "${modelId}", which is not there any more.`, {
    remedy: 'Start again without a cursor.',
  });
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(text: string): unknown {
  if (text.length > MAX_CURSOR_LENGTH || !/^[\w-]+$/.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    // Not JSON, so not a cursor: the caller refuses it.
    return undefined;
  }
}

function forged(field: string): InputError {
  return new InputError(field, `"${field}" is not a cursor of this list.`, {
    remedy: "Use an edge's cursor or the page's endCursor as they came, or start again without one.",
  });
}
