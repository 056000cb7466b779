/**
 * What a training run needs to know about a trainer: where its vectors go, what it reads from the store, how it is
 * measured, and what of its model is stored. One lesson a trainer; the run itself (`services/training.ts`) is the same
 * for all.
 */
import type { ModelData, ModelEvaluation } from '../../domain/model';
import { CancelledError, KindredError } from '../../errors';
import { type RangeFacts, rangeFacts, type TimeRange } from '../../stores/corpora';
import type { Database } from '../../stores/database';
import type { VectorRows } from '../../stores/vectors';
import type { BackgroundJob } from '../../training/background';

/** Trains on `data` off this thread, with the run's options; `part` is what progress reports call it. */
export type Train = <Data, Model>(data: Data, part: Part) => Promise<Model>;

export type Part = 'evaluation' | 'vectors' | 'training';

/** Runs any other job off this thread. */
export type Run = <Result>(job: BackgroundJob, part?: Part) => Promise<Result>;

export interface OffThread {
  readonly train: Train;
  readonly run: Run;
}

/** What of a model is stored. */
export interface Product {
  rows: VectorRows;
  artifacts: Readonly<Record<string, Uint8Array>>;
  facts: Readonly<Record<string, number | string | boolean>>;
}

/** Data read from the store, ready to be learned from. */
export interface Prepared {
  data: ModelData;
  /** Of all that was read, where a run that was killed can go on: what was measured of the same data needs no second time. */
  fingerprint?: string;
  /** Holds data out, trains on the rest, measures beside the baselines; undefined where there is nothing to measure by. */
  evaluate(off: OffThread): Promise<ModelEvaluation | undefined>;
  /** Trains on everything. */
  learn(off: OffThread): Promise<Product>;
}

export interface LessonContext {
  database: Database;
  range: TimeRange;
  options: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
}

export interface Lesson {
  /** Where vectors go unless the run names another space. */
  space(options: Readonly<Record<string, unknown>>): string;
  /** Whether a space of this name is for models of this trainer alone. */
  owns(space: string): boolean;
  /** @throws KindredError EMPTY_CORPUS */
  prepare(context: LessonContext): Promise<Prepared>;
}

/** @throws CancelledError once the run was cancelled */
export function refuseCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new CancelledError('The training run');
}

/** @throws KindredError EMPTY_CORPUS when the range holds nothing */
export async function corpusFacts(
  { database, range }: Pick<LessonContext, 'database' | 'range'>,
  stream: ModelData['stream'],
): Promise<ModelData> {
  const facts: RangeFacts = await rangeFacts(database, stream, range);
  if (facts.rows === 0) throw emptyCorpus(stream, range, 'none');
  return { stream, ...facts };
}

export function emptyCorpus(stream: ModelData['stream'], range: TimeRange, what: string): KindredError {
  const bounded = range.from !== undefined || range.to !== undefined;
  return new KindredError(
    'EMPTY_CORPUS',
    `There is nothing to learn from: of ${stream}${bounded ? ' in the time asked for' : ''}, the store holds ${what}.`,
    {
      remedy: bounded
        ? 'Widen the time, or ingest records of that time.'
        : `Record some first, with "kindred ingest ${stream} FILE" or the mutations.`,
      facts: { stream, from: range.from, to: range.to },
    },
  );
}
