/**
 * Ranked lists out of a version's vectors, each in one statement that also says which version is live, so that its caller
 * sees a promotion that happened meanwhile. A list is walked by position (distance, id): the vectors of a version do not
 * change, so the position keeps its meaning.
 *
 * The index answers first (pgvector goes on scanning until the page is full, up to `hnsw.max_scan_tuples`); where it
 * came back with less than a page, or with a tie at the page's end that it may have cut, the exact scan answers.
 */

import type { AttributeCondition } from '../domain/answers';
import type { Attributes } from '../domain/events';
import type { Queryable, QueryResult } from './database';

/** After which entry the page starts. The lower the distance, the better. */
export interface Position {
  distance: number;
  id: string;
}

export interface RankRequest {
  /** Space whose live pointer is read along. */
  space: string;
  /** Vector table of the version that answers. */
  table: string;
  /** What distances are measured from; null where there is nothing to measure from. */
  from: RankOrigin;
  /** Never listed. */
  exclude: readonly string[];
  /** Leave out what this user has interacted with. */
  unseenBy?: string;
  /** Leave out the friends of this user. */
  notFriendsOf?: string;
  conditions?: readonly AttributeCondition[];
  /** Only things that were seen so often: `from` or more, fewer than `below`. */
  frequency?: FrequencyRange;
  /** So few things are in the range that reading them all is quicker than looking for them in the index. */
  fewInRange?: boolean;
  after?: Position;
  /** Rows wanted: a page and one more, which tells whether there is a next page. */
  limit: number;
  /** Whether ids are items, whose records come along. */
  withItems?: boolean;
}

export interface FrequencyRange {
  from?: number;
  below?: number;
}

export type RankOrigin =
  /** Cosine from a vector of the space. */
  | { by: 'vector'; vector: Float32Array }
  /** What a question goes with, by question x output + bias. */
  | { by: 'question'; vector: Float32Array }
  /** Cosine from the mean direction of `like` minus that of `unlike`. */
  | { by: 'alike'; like: readonly string[]; unlike: readonly string[] }
  /** What goes with one member of the space, by input x output + bias. */
  | { by: 'member'; id: string }
  /** What goes with the newest items that a user interacted with up to a time (by default, so far): their sum over the root of their number. */
  | { by: 'history'; userId: string; items: number; asOf?: Date }
  /** What goes with the mean of a user's friends. */
  | { by: 'friends'; userId: string }
  /** The most frequent first. */
  | { by: 'popularity' };

/** Interactions looked at for a user's newest items. */
const HISTORY_EVENTS = 10_000;

export interface RankedRow {
  id: string;
  distance: number;
  /** How often it was seen. */
  frequency: number;
  title: string | null;
  attributes: Attributes | null;
  image_uri: string | null;
}

export interface RankResult {
  /** The version that is live for the space as of this statement. */
  liveId?: string;
  /** Whether there was anything to measure from. Always true of popularity. */
  hasOrigin: boolean;
  /** For a history: the time of the newest interaction that counted. */
  asOf?: Date;
  rows: RankedRow[];
}

type ScanRow = Partial<RankedRow> & { live: string | null; has_origin: boolean; as_of: Date | null };

export async function rank(on: Queryable, request: RankRequest): Promise<RankResult> {
  const params = parametersOf(request);
  if (request.fewInRange) return toResult(await on.query<ScanRow>(statement(request, true), params));
  const fromIndex = await on.query<ScanRow>(statement(request, false), params);
  const result = toResult(fromIndex);
  const { rows } = result;
  // The last row is the one beyond the page: had it the distance of the row before, more rows of that distance may be
  // missing, and among equals the page must be cut by id.
  const cutTie = rows.length === request.limit && rows.length > 1 && rows.at(-1)!.distance === rows.at(-2)!.distance;
  const isExact = request.from.by === 'popularity';
  if (isExact || (rows.length === request.limit && !cutTie)) return result;
  return toResult(await on.query<ScanRow>(statement(request, true), params));
}

function toResult({ rows }: QueryResult<ScanRow>): RankResult {
  return {
    liveId: rows[0].live ?? undefined,
    hasOrigin: rows[0].has_origin,
    asOf: rows[0].as_of ?? undefined,
    rows: rows.filter((row) => row.id !== null) as unknown as RankedRow[],
  };
}

/** $1 space, $2 exclude, $3 position's distance, $4 position's id, $5 limit, $6 unseen by / not friends of, $7 conditions, $8 … origin, then the range of frequency. */
function parametersOf(request: RankRequest): unknown[] {
  const { from, conditions } = request;
  return [
    request.space,
    request.exclude,
    request.after?.distance ?? null,
    request.after?.id ?? null,
    request.limit,
    request.unseenBy ?? request.notFriendsOf ?? null,
    conditions?.length ? JSON.stringify(conditions.map(conditionRecord)) : null,
    ...originParameters(from),
    ...(request.frequency ? [request.frequency.from ?? 0, request.frequency.below ?? null] : []),
  ];
}

function originParameters(from: RankOrigin): unknown[] {
  switch (from.by) {
    case 'vector':
    case 'question':
      return [`[${Array.from(from.vector, (value) => value.toPrecision(9)).join(',')}]`];
    case 'alike':
      return [from.like, from.unlike];
    case 'member':
      return [from.id];
    case 'history':
      return [from.userId, from.asOf ?? null, from.items];
    case 'friends':
      return [from.userId];
    case 'popularity':
      return [];
  }
}

/** The expression that pages are ordered by. For the index to serve it, the statement orders by nothing else. */
function distanceExpression(from: RankOrigin, exact: boolean): string {
  switch (from.by) {
    case 'vector':
    case 'alike':
      return `(v.input <=> (SELECT vector FROM origin))${exact ? ' + 0' : ''}`;
    case 'popularity':
      return '-v.frequency::float8';
    default:
      return `(v.output <#> (SELECT vector FROM origin))${exact ? ' + 0' : ''}`;
  }
}

/** One row: the vector (null where there is nothing to measure from) and the time up to which a history counted. */
function originQuery(from: RankOrigin, table: string): string {
  switch (from.by) {
    case 'vector':
      return 'SELECT CASE WHEN vector_norm($8::text::vector) > 1e-6 THEN $8::text::vector END AS vector, NULL::timestamptz AS as_of';
    case 'question':
      return `SELECT $8::text::vector || '[1,0]'::vector AS vector, NULL::timestamptz AS as_of`;
    case 'alike': {
      const mean = (ids: string) => `(SELECT avg(l2_normalize(o.input)) AS vector FROM ${table} o WHERE ${ids})`;
      const isOne = from.like.length === 1 && from.unlike.length === 0;
      const direction = isOne
        ? `${mean('o.id = ($8::text[])[1] AND $9::text[] IS NOT NULL')} d`
        : `(SELECT coalesce(l.vector - u.vector, l.vector) AS vector FROM ${mean('o.id = ANY($8::text[])')} l,
          ${mean('o.id = ANY($9::text[])')} u OFFSET 0) d`;
      return `SELECT CASE WHEN vector_norm(d.vector) > 1e-6 THEN d.vector END AS vector, NULL::timestamptz AS as_of FROM ${direction}`;
    }
    case 'member':
      return `SELECT (SELECT o.input || '[1,0]'::vector FROM ${table} o WHERE o.id = $8) AS vector, NULL::timestamptz AS as_of`;
    case 'history':
      return `SELECT sum(o.input) * array_fill((1 / sqrt(greatest(count(*), 1)))::real, ARRAY[coalesce(max(vector_dims(o.input)), 1)])::vector || '[1,0]'::vector AS vector,
          max(h.occurred_at) AS as_of FROM (
          SELECT n.item_id, max(n.occurred_at) AS occurred_at FROM (
            SELECT x.item_id, x.occurred_at FROM interactions x
            WHERE x.user_id = $8 AND x.occurred_at <= coalesce($9::timestamptz, 'infinity')
            ORDER BY x.occurred_at DESC LIMIT ${HISTORY_EVENTS}) n
          GROUP BY n.item_id ORDER BY 2 DESC, n.item_id LIMIT $10) h JOIN ${table} o ON o.id = h.item_id`;
    case 'friends':
      return `SELECT avg(o.input) || '[1,0]'::vector AS vector, NULL::timestamptz AS as_of
        FROM ${table} o WHERE o.id IN (${friendsOf('$8')})`;
    case 'popularity':
      return 'SELECT NULL::vector AS vector, NULL::timestamptz AS as_of';
  }
}

/** Ids of a user's friends, as a query. A pair is stored once, the smaller id first. */
export function friendsOf(user: string, alias = ''): string {
  return `SELECT f.friend_id ${alias} FROM relations f WHERE f.user_id = ${user} AND NOT f.removed
    UNION SELECT f.user_id FROM relations f WHERE f.friend_id = ${user} AND NOT f.removed`;
}

/**
 * A scalar subquery, not a join: the planner then keeps the walk in order of distance and looks items up as it goes.
 * A condition holds when the attribute is there, is one of the values (if any are named) and is within the range (if any).
 */
const MEETS_CONDITIONS = `coalesce((SELECT NOT EXISTS (
    SELECT 1 FROM jsonb_to_recordset($7::jsonb) AS c(name text, "oneOf" jsonb, min float8, max float8)
    WHERE NOT coalesce((c."oneOf" IS NULL OR c."oneOf" @> (w.attributes -> c.name))
      AND CASE WHEN jsonb_typeof(w.attributes -> c.name) = 'number'
        THEN (w.attributes ->> c.name)::float8 BETWEEN coalesce(c.min, '-Infinity') AND coalesce(c.max, 'Infinity')
        ELSE c.min IS NULL AND c.max IS NULL AND w.attributes ? c.name END, false))
  FROM items w WHERE w.item_id = v.id), false)`;

/**
 * The planner is told roughly how many rows are wanted, in a few steps so that texts are few: of an unknown LIMIT it expects
 * a tenth of the table, and would plan anew for each question to do better than that.
 */
function roundedUp(limit: number): number {
  return 2 ** Math.ceil(Math.log2(limit));
}

/**
 * The text depends on which kinds of conditions there are, never on their values, so that it stays prepared; and it has no
 * conditions that only some values switch on, so that one plan is as good as another and the database keeps it.
 */
function statement(request: RankRequest, exact: boolean): string {
  const { from, table } = request;
  const isPopularity = from.by === 'popularity';
  const distance = distanceExpression(from, exact);
  const wanted = [
    'v.id <> ALL($2::text[])',
    request.after
      ? `(${distance} > $3::float8 OR (${distance} = $3 AND v.id > $4::text))`
      : '($3::float8 IS NULL AND $4::text IS NULL OR true)',
    ...(isPopularity ? [] : ['(SELECT vector FROM origin) IS NOT NULL']),
    // A vector of zeros has no direction; the index leaves it out as well.
    ...(isCosine(from) && exact ? ['vector_norm(v.input) > 0'] : []),
    ...frequencyRange(request),
    ...(request.unseenBy
      ? ['v.id NOT IN (SELECT x.item_id FROM interactions x WHERE x.user_id = $6)']
      : ['($6::text IS NULL OR true)']),
    ...(request.notFriendsOf ? [`v.id NOT IN (${friendsOf('$6')})`] : []),
    ...(request.conditions?.length ? [MEETS_CONDITIONS] : ['($7::jsonb IS NULL OR true)']),
  ];
  const order = isPopularity ? 'v.frequency DESC, v.id' : exact ? `${distance}, v.id` : distance;
  return `WITH origin AS MATERIALIZED (${originQuery(from, table)})
    SELECT (SELECT model_id FROM live_models WHERE space = $1) AS live, ${isPopularity} OR origin.vector IS NOT NULL AS has_origin,
      origin.as_of, n.*
      ${request.withItems ? ', i.title, i.attributes, i.image_uri' : ''}
    FROM origin LEFT JOIN (
      SELECT id, frequency, distance FROM (
        SELECT v.id, v.frequency, ${distance} AS distance FROM ${table} v WHERE ${wanted.join(' AND ')} ORDER BY ${order} LIMIT ${roundedUp(request.limit)}
      ) m LIMIT $5
    ) n ON true ${request.withItems ? 'LEFT JOIN items i ON i.item_id = n.id' : ''}
    ORDER BY n.distance, n.id`;
}

export const isCosine = ({ by }: RankOrigin): boolean => by === 'alike' || by === 'vector';

function frequencyRange({ frequency, from }: RankRequest): string[] {
  if (!frequency) return [];
  const next = 8 + originParameters(from).length;
  return [`v.frequency >= $${next}::bigint`, `v.frequency < coalesce($${next + 1}::bigint, ${2 ** 32})`];
}

function conditionRecord(condition: AttributeCondition): Record<string, unknown> {
  return { name: condition.name, oneOf: condition.oneOf, min: condition.min, max: condition.max };
}
