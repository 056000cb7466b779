/** SQL of training runs: what is under way and what became of it. */
import type { TrainingRun, TrainingStatus } from '../domain/model';
import type { Queryable } from './database';

interface RunRow {
  id: string;
  space: string;
  trainer: string;
  options: TrainingRun['options'];
  status: TrainingStatus;
  phase: string | null;
  done: number;
  total: number;
  error: TrainingRun['error'] | null;
  model_id: string | null;
  promotion: TrainingRun['promotion'] | null;
  started_at: Date;
  finished_at: Date | null;
}

/** Inserts the run, or brings its row up to date; `at` says that its process was alive then. */
export async function saveRun(on: Queryable, run: TrainingRun, at: Date): Promise<void> {
  await on.query(
    `INSERT INTO training_runs (id, space, trainer, options, status, phase, done, total, error, model_id, promotion, started_at, finished_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (id) DO UPDATE SET status = excluded.status, phase = excluded.phase, done = excluded.done,
       total = excluded.total, error = excluded.error, model_id = excluded.model_id, promotion = excluded.promotion,
       finished_at = excluded.finished_at, updated_at = excluded.updated_at`,
    [
      run.id,
      run.space,
      run.trainer,
      JSON.stringify(run.options),
      run.status,
      run.phase ?? null,
      run.done,
      run.total,
      run.error ? JSON.stringify(run.error) : null,
      run.modelId ?? null,
      run.promotion ? JSON.stringify(run.promotion) : null,
      run.startedAt,
      run.finishedAt ?? null,
      at,
    ],
  );
}

export async function findRun(on: Queryable, id: string): Promise<TrainingRun | undefined> {
  const { rows } = await on.query<RunRow>('SELECT * FROM training_runs WHERE id = $1', [id]);
  return rows[0] && toRun(rows[0]);
}

/** Newest first. */
export async function listRuns(on: Queryable, limit: number): Promise<TrainingRun[]> {
  const { rows } = await on.query<RunRow>('SELECT * FROM training_runs ORDER BY started_at DESC, id LIMIT $1', [limit]);
  return rows.map(toRun);
}

/** Ends as failed the unfinished runs whose process showed no sign of life since `before`. Returns how many there were. */
export async function failInterruptedRuns(
  on: Queryable,
  before: Date,
  at: Date,
  error: TrainingRun['error'],
): Promise<number> {
  const { rowCount } = await on.query(
    `UPDATE training_runs SET status = 'failed', error = $1, finished_at = $2
     WHERE status IN ('queued', 'running') AND updated_at <= $3`,
    [JSON.stringify(error), at, before],
  );
  return rowCount;
}

function toRun(row: RunRow): TrainingRun {
  return {
    id: row.id,
    space: row.space,
    trainer: row.trainer,
    options: row.options,
    status: row.status,
    phase: row.phase ?? undefined,
    done: row.done,
    total: row.total,
    error: row.error ?? undefined,
    modelId: row.model_id ?? undefined,
    promotion: row.promotion ?? undefined,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
  };
}
