/**
 * SQL of the model registry: versions, the live pointer, and the chain of promotions that rollback walks back.
 */
import type { Model, ModelData, ModelEvaluation, PromotionKind } from '../domain/model';
import { KindredError } from '../errors';
import type { Database, DatabaseTransaction, Queryable } from './database';
import { createVectorTable, dropVectorTable, type VectorRows, vectorTableName } from './vectors';

export type NewModel = Omit<Model, 'id' | 'version' | 'live' | 'dimension' | 'vectors'> & {
  rows: VectorRows;
  /** Networks and their likes, by name. */
  artifacts: Readonly<Record<string, Uint8Array>>;
};

/** A row of `promotions`. */
export interface PromotionRecord {
  id: number;
  modelId: string;
  beforeId?: number;
}

interface ModelRow {
  id: string;
  space: string;
  trainer: string;
  version: number;
  options: Model['options'];
  data: Omit<ModelData, 'from' | 'to'> & { from?: string; to?: string };
  evaluation: ModelEvaluation | null;
  facts: Model['facts'];
  dimension: number;
  vectors: number;
  seconds: number;
  created_at: Date;
  live: boolean;
}

const SELECT_MODEL = `SELECT m.id, m.space, m.trainer, m.version, m.options, m.data, m.evaluation, m.facts, m.dimension,
  m.vectors, m.seconds, m.created_at, l.model_id IS NOT NULL AS live
  FROM models m LEFT JOIN live_models l ON l.model_id = m.id`;

export async function listModels(on: Queryable, space?: string): Promise<Model[]> {
  const { rows } = await on.query<ModelRow>(
    `${SELECT_MODEL} WHERE $1::text IS NULL OR m.space = $1 ORDER BY m.created_at DESC, m.space, m.version DESC`,
    [space ?? null],
  );
  return rows.map(toModel);
}

export async function findModels(on: Queryable, ids: readonly string[]): Promise<Model[]> {
  const { rows } = await on.query<ModelRow>(`${SELECT_MODEL} WHERE m.id = ANY($1)`, [ids]);
  return rows.map(toModel);
}

export async function findLiveModel(on: Queryable, space: string): Promise<Model | undefined> {
  const { rows } = await on.query<ModelRow>(
    `${SELECT_MODEL} WHERE m.id = (SELECT model_id FROM live_models WHERE space = $1)`,
    [space],
  );
  return rows[0] && toModel(rows[0]);
}

/** The live pointer alone. */
export async function liveModelId(on: Queryable, space: string): Promise<string | undefined> {
  const { rows } = await on.query<{ model_id: string }>('SELECT model_id FROM live_models WHERE space = $1', [space]);
  return rows[0]?.model_id;
}

export async function readArtifacts(on: Queryable, modelId: string): Promise<Record<string, Uint8Array>> {
  const { rows: parts } = await on.query<{ name: string; piece: number; bytes: number }>(
    `SELECT name, piece, octet_length(content) AS bytes FROM model_artifacts WHERE model_id = $1 ORDER BY name, piece`,
    [modelId],
  );
  const artifacts: Record<string, Uint8Array> = {};
  for (const name of new Set(parts.map((part) => part.name))) {
    const own = parts.filter((part) => part.name === name);
    const whole = Buffer.alloc(own.reduce((sum, { bytes }) => sum + bytes, 0));
    let filled = 0;
    for (const { piece } of own) {
      const { rows } = await on.query<{ content: Buffer }>(
        'SELECT content FROM model_artifacts WHERE model_id = $1 AND name = $2 AND piece = $3',
        [modelId, name, piece],
      );
      // Dropped meanwhile: what is missing must not be taken for zeros.
      if (rows.length === 0) throw new KindredError('MODEL_NOT_FOUND', `Model "${modelId}" was dropped.`);
      whole.set(rows[0].content, filled);
      filled += rows[0].content.length;
    }
    artifacts[name] = whole;
  }
  return artifacts;
}

/** Writes a version whole or not at all: vectors, their indexes, artifacts and row in one transaction. */
export async function insertModel(database: Database, model: NewModel): Promise<string> {
  return database.transaction(async (tx) => {
    const version = await nextVersion(tx, model.space);
    const id = `${model.space}-${version}`;
    const table = vectorTableName(model.space, version);
    await createVectorTable(tx, table, model.rows);
    await tx.query(
      `INSERT INTO models (id, space, trainer, version, options, data, evaluation, facts, dimension, vectors, vector_table, seconds, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        id,
        model.space,
        model.trainer,
        version,
        JSON.stringify(model.options),
        JSON.stringify(model.data),
        model.evaluation ? JSON.stringify(model.evaluation) : null,
        JSON.stringify(model.facts),
        model.rows.dimension,
        model.rows.ids.length,
        table,
        model.seconds,
        model.createdAt,
      ],
    );
    for (const [name, content] of Object.entries(model.artifacts)) await insertArtifact(tx, id, { name, content });
    return id;
  });
}

/** Bytes come out as text of twice the length, and a text has at most half a gigabyte: larger artifacts lie in pieces. */
const PIECE_BYTES = 32 * 2 ** 20;

async function insertArtifact(
  tx: DatabaseTransaction,
  modelId: string,
  { name, content }: { name: string; content: Uint8Array },
): Promise<void> {
  for (let piece = 0; piece === 0 || piece * PIECE_BYTES < content.byteLength; piece++) {
    const bytes = content.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
    await tx.query('INSERT INTO model_artifacts (model_id, name, piece, content) VALUES ($1, $2, $3, $4)', [
      ...[modelId, name, piece],
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    ]);
  }
}

/** The row lock of `space_versions` makes concurrent writers of one space take turns. */
async function nextVersion(tx: DatabaseTransaction, space: string): Promise<number> {
  const { rows } = await tx.query<{ last_version: number }>(
    `INSERT INTO space_versions (space, last_version) VALUES ($1, 1)
     ON CONFLICT (space) DO UPDATE SET last_version = space_versions.last_version + 1 RETURNING last_version`,
    [space],
  );
  return rows[0].last_version;
}

/** Promotions, rollbacks and drops in one space take turns until their transactions end. */
export async function lockSpace(tx: DatabaseTransaction, space: string): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('kindred promotion of ' || $1, 0))", [space]);
}

export async function newestPromotion(tx: Queryable, space: string): Promise<PromotionRecord | undefined> {
  const { rows } = await tx.query<PromotionRow>(
    'SELECT id, model_id, before_id FROM promotions WHERE space = $1 ORDER BY id DESC LIMIT 1',
    [space],
  );
  return rows[0] && toPromotion(rows[0]);
}

export async function findPromotion(tx: Queryable, id: number): Promise<PromotionRecord | undefined> {
  const { rows } = await tx.query<PromotionRow>('SELECT id, model_id, before_id FROM promotions WHERE id = $1', [id]);
  return rows[0] && toPromotion(rows[0]);
}

export interface PointerMove {
  space: string;
  modelId: string;
  replacedId?: string;
  beforeId?: number;
  kind: PromotionKind;
  forced: boolean;
  note?: string;
  at: Date;
}

/** Moves the live pointer and writes it down. */
export async function movePointer(tx: DatabaseTransaction, move: PointerMove): Promise<void> {
  await tx.query(
    `INSERT INTO promotions (space, model_id, replaced_id, before_id, kind, forced, note, promoted_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      move.space,
      move.modelId,
      move.replacedId ?? null,
      move.beforeId ?? null,
      move.kind,
      move.forced,
      move.note ?? null,
      move.at,
    ],
  );
  await tx.query(
    `INSERT INTO live_models (space, model_id) VALUES ($1, $2)
     ON CONFLICT (space) DO UPDATE SET model_id = excluded.model_id`,
    [move.space, move.modelId],
  );
}

/** Drops a version whole. The chain of promotions closes over the gap. */
export async function deleteModel(tx: DatabaseTransaction, model: Model): Promise<void> {
  for (;;) {
    const { rowCount } = await tx.query(
      `UPDATE promotions p SET before_id = b.before_id FROM promotions b WHERE b.id = p.before_id AND b.model_id = $1`,
      [model.id],
    );
    if (rowCount === 0) break;
  }
  await tx.query('DELETE FROM models WHERE id = $1', [model.id]);
  await dropVectorTable(tx, vectorTableName(model.space, model.version));
}

interface PromotionRow {
  id: number;
  model_id: string;
  before_id: number | null;
}

function toPromotion(row: PromotionRow): PromotionRecord {
  return { id: row.id, modelId: row.model_id, beforeId: row.before_id ?? undefined };
}

function toModel(row: ModelRow): Model {
  const { from, to, ...data } = row.data;
  return {
    id: row.id,
    space: row.space,
    trainer: row.trainer,
    version: row.version,
    options: row.options,
    data: { ...data, ...(from && { from: new Date(from) }), ...(to && { to: new Date(to) }) },
    evaluation: row.evaluation ?? undefined,
    facts: row.facts,
    dimension: row.dimension,
    vectors: row.vectors,
    seconds: row.seconds,
    createdAt: row.created_at,
    live: row.live,
  };
}
