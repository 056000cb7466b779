/**
 * Events as sequence trainers read them: those of one user or account together, in the order of their times, a page at a
 * time, with what of an event is wanted and nothing else. Each page starts after the last row of the one before.
 */
import type { Attributes } from '../domain/events';
import type { TimeRange } from './corpora';
import type { Queryable } from './database';

export type EventStream = 'interactions' | 'transactions';

export interface EventColumns {
  readonly stream: EventStream;
  /** A field of the stream's records that can be a thing, or `attributes.NAME`, of the item or of the transaction. */
  readonly field: string;
  /** Whether the amounts of transactions, or the values of interactions, are wanted. */
  readonly amounts?: boolean;
  /** Further fields, as categories. */
  readonly categories?: readonly string[];
  /** @default 20,000 */
  readonly pageRows?: number;
}

export interface EventRow {
  event_id: string;
  /** The user or the account. */
  owner: string;
  /** Of interactions only. */
  session?: string | null;
  occurred_at: Date;
  /** Null where the event has no such field. */
  thing: string | null;
  amount?: number | null;
  /** Of transactions with amounts only. */
  currency?: string;
  /** In the order in which they were asked for. */
  categories?: (string | null)[];
}

interface Source {
  readonly id: string;
  readonly owner: string;
  readonly amount: string;
  /** By the names of fields; what is here is safe in SQL. */
  readonly fields: Readonly<Record<string, string>>;
  readonly attributes: string;
  /** What `attributes` needs. */
  readonly join: string;
  readonly more: readonly string[];
}

const SOURCES: Readonly<Record<EventStream, Source>> = {
  interactions: {
    id: 'event_id',
    owner: 'user_id',
    amount: 'x.value AS amount',
    fields: { itemId: 'x.item_id', action: 'x.action' },
    attributes: 'i.attributes',
    join: 'LEFT JOIN items i ON i.item_id = x.item_id',
    more: ['x.session_id AS session'],
  },
  transactions: {
    id: 'transaction_id',
    owner: 'account_id',
    amount: 'x.amount::float8 AS amount, x.currency',
    fields: {
      merchantId: 'x.merchant_id',
      category: 'x.category',
      channel: 'x.channel',
      country: 'x.country',
      currency: 'x.currency',
    },
    attributes: 'x.attributes',
    join: '',
    more: [],
  },
};

const PAGE_ROWS = 20_000;
const ATTRIBUTE = 'attributes.';

export async function* eventPages(on: Queryable, range: TimeRange, columns: EventColumns): AsyncGenerator<EventRow[]> {
  const { pageRows = PAGE_ROWS } = columns;
  const attribute = attributeOf(columns.field);
  const sql = pageOf(columns, pageRows);
  let last: EventRow | undefined;
  for (;;) {
    const { rows }: { rows: EventRow[] } = await on.query<EventRow>(sql, [
      ...[last?.owner ?? null, last?.occurred_at ?? null, last?.event_id ?? null],
      ...[range.from ?? null, range.to ?? null],
      ...(attribute === undefined ? [] : [attribute]),
    ]);
    if (rows.length > 0) yield rows;
    if (rows.length < pageRows) return;
    last = rows[rows.length - 1];
  }
}

/** The page is cut before anything is joined to it, so that an index gives it. */
function pageOf({ stream, field, amounts, categories = [] }: EventColumns, pageRows: number): string {
  const { id, owner, amount, fields, attributes, join, more } = SOURCES[stream];
  const isAttribute = attributeOf(field) !== undefined;
  const wanted = [
    `x.${id} AS event_id`,
    `x.${owner} AS owner`,
    'x.occurred_at',
    `${isAttribute ? `${attributes} ->> $6` : columnOf(fields, field)} AS thing`,
    ...more,
    ...(amounts ? [amount] : []),
    ...(categories.length > 0
      ? [`jsonb_build_array(${categories.map((name) => columnOf(fields, name)).join(', ')}) AS categories`]
      : []),
  ];
  return `SELECT ${wanted.join(', ')} FROM (
      SELECT * FROM ${stream}
      WHERE ($1::text IS NULL OR (${owner}, occurred_at, ${id}) > ($1, $2::timestamptz, $3))
        AND occurred_at >= coalesce($4::timestamptz, '-infinity') AND occurred_at < coalesce($5::timestamptz, 'infinity')
      ORDER BY ${owner}, occurred_at, ${id} LIMIT ${pageRows}
    ) x ${isAttribute ? join : ''}
    ORDER BY x.${owner}, x.occurred_at, x.${id}`;
}

function attributeOf(field: string): string | undefined {
  return field.startsWith(ATTRIBUTE) ? field.slice(ATTRIBUTE.length) : undefined;
}

function columnOf(fields: Source['fields'], field: string): string {
  // Options are checked before they come here; what is not in the list must not get into SQL.
  if (!Object.hasOwn(fields, field)) throw new TypeError(`Events have no field "${field}".`);
  return fields[field];
}

/**
 * Amounts that cut the transactions of a currency into `bins` of equal size, by currency: an amount belongs to the first
 * bin whose edge it does not exceed, else to the last.
 */
export async function amountEdges(on: Queryable, range: TimeRange, bins: number): Promise<Map<string, number[]>> {
  const shares = Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins);
  const { rows } = await on.query<{ currency: string; edges: number[] }>(
    `SELECT currency, to_jsonb(percentile_disc($3::float8[]) WITHIN GROUP (ORDER BY amount::float8)) AS edges
     FROM transactions
     WHERE occurred_at >= coalesce($1::timestamptz, '-infinity') AND occurred_at < coalesce($2::timestamptz, 'infinity')
     GROUP BY currency ORDER BY currency`,
    [range.from ?? null, range.to ?? null, shares],
  );
  return new Map(rows.map(({ currency, edges }) => [currency, edges]));
}

/** What the catalogue says of those of `ids` that are in it. */
export async function itemTexts(on: Queryable, ids: readonly string[]): Promise<Map<string, ItemText>> {
  const { rows } = await on.query<ItemText & { item_id: string }>(
    'SELECT item_id, title, attributes FROM items WHERE item_id = ANY($1)',
    [ids],
  );
  return new Map(rows.map(({ item_id, ...text }) => [item_id, text]));
}

export interface ItemText {
  title: string | null;
  attributes: Attributes | null;
}

export interface LabelFacts {
  frauds: number;
  others: number;
  /** When the newest was decided. */
  newest: Date | null;
}

/** What labels say of the transactions of a range. */
export async function labelFacts(on: Queryable, range: TimeRange): Promise<LabelFacts> {
  const { rows } = await on.query<LabelFacts>(
    `SELECT count(*) FILTER (WHERE l.is_fraud) AS frauds, count(*) FILTER (WHERE NOT l.is_fraud) AS others,
       max(l.decided_at) AS newest
     FROM labels l JOIN transactions t ON t.transaction_id = l.transaction_id
     WHERE t.occurred_at >= coalesce($1::timestamptz, '-infinity') AND t.occurred_at < coalesce($2::timestamptz, 'infinity')`,
    [range.from ?? null, range.to ?? null],
  );
  return rows[0];
}
