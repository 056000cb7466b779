/**
 * Turns raw records into validated ones: one set of rules for files, GraphQL and topics. A record is taken whole or refused
 * with the field at fault and a reason; fields that a stream does not have are ignored, as senders add some over time.
 */
import { hash } from 'node:crypto';
import type { Interaction, Item, Label, Relation, StreamName, StreamRecord, Transaction, User } from './events';
import * as fields from './fields';
import { Fault } from './fields';
import { EPOCH_MILLIS, type TimeOptions, time } from './times';

export { timeOf } from './times';

export type Raw = Readonly<Record<string, unknown>>;

export interface Refused {
  readonly ok: false;
  readonly field: string;
  /** The end of a sentence that begins with the field's name: `is missing`. */
  readonly reason: string;
}

export type Decoded<Rec> = { readonly ok: true; readonly record: Rec } | Refused;

/** The fields of each stream, those that a record must have first; the files' columns are mapped to these. */
export const STREAM_FIELDS: Readonly<Record<StreamName, { required: readonly string[]; optional: readonly string[] }>> =
  {
    interactions: {
      required: ['userId', 'itemId', 'action', 'occurredAt'],
      optional: ['eventId', 'sessionId', 'value'],
    },
    transactions: {
      required: ['transactionId', 'accountId', 'merchantId', 'amount', 'currency', 'occurredAt'],
      optional: ['category', 'channel', 'country', 'attributes'],
    },
    relations: { required: ['userId', 'friendId', 'occurredAt'], optional: ['kind', 'weight', 'removed'] },
    items: { required: ['itemId'], optional: ['title', 'attributes', 'imageUri'] },
    users: { required: ['userId'], optional: ['title', 'attributes', 'imageUri'] },
    labels: { required: ['transactionId', 'isFraud', 'decidedAt'], optional: ['source'] },
  };

/** Length limits in UTF-8 bytes. */
export const MAX_WORD_BYTES = 128;
export const MAX_TITLE_BYTES = 2_048;
export const MAX_URI_BYTES = 4_096;
const DEFAULT_KIND = 'friend';

const word = (raw: unknown): string | Fault => fields.text(raw, MAX_WORD_BYTES);
const title = (raw: unknown): string | Fault => fields.text(raw, MAX_TITLE_BYTES);
const uri = (raw: unknown): string | Fault => fields.text(raw, MAX_URI_BYTES);
const requiredWord = (raw: unknown): string | Fault => (fields.isMissing(raw) ? new Fault('is missing') : word(raw));

const refuse = (field: string, fault: Fault): Refused => ({ ok: false, field, reason: fault.reason });

/** @param times how numeric times are meant */
export function decodeRecord<S extends StreamName>(
  stream: S,
  raw: Raw,
  times: TimeOptions = EPOCH_MILLIS,
): Decoded<StreamRecord[S]> {
  return decoderOf(stream)(raw, times);
}

export type Decoder<Rec> = (raw: Raw, times: TimeOptions) => Decoded<Rec>;

/** The decoder alone, for those who decode many. */
export function decoderOf<S extends StreamName>(stream: S): Decoder<StreamRecord[S]> {
  return decoders[stream];
}

function interaction(raw: Raw, times: TimeOptions): Decoded<Interaction> {
  const userId = fields.id(raw.userId);
  if (userId instanceof Fault) return refuse('userId', userId);
  const itemId = fields.id(raw.itemId);
  if (itemId instanceof Fault) return refuse('itemId', itemId);
  const action = requiredWord(raw.action);
  if (action instanceof Fault) return refuse('action', action);
  const occurredAt = time(raw.occurredAt, times);
  if (occurredAt instanceof Fault) return refuse('occurredAt', occurredAt);
  const sessionId = fields.optional(raw.sessionId, fields.id);
  if (sessionId instanceof Fault) return refuse('sessionId', sessionId);
  const value = fields.optional(raw.value, fields.finiteNumber);
  if (value instanceof Fault) return refuse('value', value);
  const given = fields.optional(raw.eventId, fields.id);
  if (given instanceof Fault) return refuse('eventId', given);
  const eventId = given ?? contentId([userId, itemId, action, occurredAt.getTime(), sessionId ?? '', value ?? '']);
  return { ok: true, record: { eventId, userId, itemId, action, occurredAt, sessionId, value } };
}

/**
 * The same content gives the same id, so that a file read twice adds nothing. NUL occurs in no field, so that no two contents
 * run together to the same text; 192 bits of SHA-256 do not collide.
 */
function contentId(parts: readonly (string | number)[]): string {
  return hash('sha256', parts.join('\0'), 'base64url').slice(0, 32);
}

function transaction(raw: Raw, times: TimeOptions): Decoded<Transaction> {
  const transactionId = fields.id(raw.transactionId);
  if (transactionId instanceof Fault) return refuse('transactionId', transactionId);
  const accountId = fields.id(raw.accountId);
  if (accountId instanceof Fault) return refuse('accountId', accountId);
  const merchantId = fields.id(raw.merchantId);
  if (merchantId instanceof Fault) return refuse('merchantId', merchantId);
  const amount = fields.amount(raw.amount);
  if (amount instanceof Fault) return refuse('amount', amount);
  const currency = fields.currency(raw.currency);
  if (currency instanceof Fault) return refuse('currency', currency);
  const occurredAt = time(raw.occurredAt, times);
  if (occurredAt instanceof Fault) return refuse('occurredAt', occurredAt);
  const category = fields.optional(raw.category, word);
  if (category instanceof Fault) return refuse('category', category);
  const channel = fields.optional(raw.channel, word);
  if (channel instanceof Fault) return refuse('channel', channel);
  const country = fields.optional(raw.country, fields.country);
  if (country instanceof Fault) return refuse('country', country);
  const attributes = fields.optional(raw.attributes, fields.attributes);
  if (attributes instanceof Fault) return refuse('attributes', attributes);
  const record = { transactionId, accountId, merchantId, amount, currency, occurredAt, category, channel, country };
  return { ok: true, record: { ...record, attributes } };
}

function relation(raw: Raw, times: TimeOptions): Decoded<Relation> {
  const userId = fields.id(raw.userId);
  if (userId instanceof Fault) return refuse('userId', userId);
  const friendId = fields.id(raw.friendId);
  if (friendId instanceof Fault) return refuse('friendId', friendId);
  if (userId === friendId) return refuse('friendId', new Fault('is the same as userId'));
  const occurredAt = time(raw.occurredAt, times);
  if (occurredAt instanceof Fault) return refuse('occurredAt', occurredAt);
  const kind = fields.optional(raw.kind, word);
  if (kind instanceof Fault) return refuse('kind', kind);
  const weight = fields.optional(raw.weight, fields.positiveNumber);
  if (weight instanceof Fault) return refuse('weight', weight);
  const removed = fields.optional(raw.removed, fields.boolean);
  if (removed instanceof Fault) return refuse('removed', removed);
  const record = { occurredAt, kind: kind ?? DEFAULT_KIND, weight: weight ?? 1, removed: removed ?? false };
  // A tie has no direction: one order for both ways of writing it.
  return userId < friendId
    ? { ok: true, record: { userId, friendId, ...record } }
    : { ok: true, record: { userId: friendId, friendId: userId, ...record } };
}

function described(raw: Raw): Decoded<Pick<Item, 'title' | 'attributes' | 'imageUri'>> {
  const named = fields.optional(raw.title, title);
  if (named instanceof Fault) return refuse('title', named);
  const attributes = fields.optional(raw.attributes, fields.attributes);
  if (attributes instanceof Fault) return refuse('attributes', attributes);
  const imageUri = fields.optional(raw.imageUri, uri);
  if (imageUri instanceof Fault) return refuse('imageUri', imageUri);
  return { ok: true, record: { title: named, attributes, imageUri } };
}

function item(raw: Raw): Decoded<Item> {
  const itemId = fields.id(raw.itemId);
  if (itemId instanceof Fault) return refuse('itemId', itemId);
  const rest = described(raw);
  return rest.ok ? { ok: true, record: { itemId, ...rest.record } } : rest;
}

function user(raw: Raw): Decoded<User> {
  const userId = fields.id(raw.userId);
  if (userId instanceof Fault) return refuse('userId', userId);
  const rest = described(raw);
  return rest.ok ? { ok: true, record: { userId, ...rest.record } } : rest;
}

function label(raw: Raw, times: TimeOptions): Decoded<Label> {
  const transactionId = fields.id(raw.transactionId);
  if (transactionId instanceof Fault) return refuse('transactionId', transactionId);
  const isFraud = fields.boolean(raw.isFraud);
  if (isFraud instanceof Fault) return refuse('isFraud', isFraud);
  const decidedAt = time(raw.decidedAt, times);
  if (decidedAt instanceof Fault) return refuse('decidedAt', decidedAt);
  const source = fields.optional(raw.source, word);
  if (source instanceof Fault) return refuse('source', source);
  return { ok: true, record: { transactionId, isFraud, decidedAt, source } };
}

const decoders: { [S in StreamName]: Decoder<StreamRecord[S]> } = {
  interactions: interaction,
  transactions: transaction,
  relations: relation,
  items: item,
  users: user,
  labels: label,
};
