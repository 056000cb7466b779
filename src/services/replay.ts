/**
 * Replays: a range of a topic read again into tables of its own, and scored there by a chosen model, so that an operator sees
 * what would be, beside what is. Live tables, positions, outbox and topics are only read. Every step commits together with how
 * far it came, so that a replay that was interrupted, even killed, goes on where it stopped. Where records come from is
 * `streaming/replay.ts`.
 */
import type { StreamName, StreamRecord } from '../domain/events';
import type {
  ListedReplay,
  ReplayPartition,
  ReplayReject,
  ReplaySpec,
  ReplayStatus,
  RowComparison,
  ScoreComparison,
} from '../domain/replay';
import { InputError, KindredError } from '../errors';
import type { Database } from '../stores/database';
import { insertEvents } from '../stores/events';
import { compareRows, compareScores } from '../stores/replay-scores';
import {
  advanceReplay,
  createReplay,
  dropReplay,
  inReplay,
  listReplays,
  liveSchema,
  REPLAY_NAME,
  type ReplayAdvance,
  readReplay,
  replayExists,
  replayRejects,
  replaySchema,
  saveRejects,
  setReplayState,
  skipLost,
} from '../stores/replays';
import { withRetries } from '../stores/retries';
import { ACCOUNTS_SPACE, FraudModel } from './fraud-model';
import type { ModelRegistry } from './registry';
import { type ReplayScoringOptions, scoreReplay } from './replay-scoring';

/** Rejected records that are kept with their reason; beyond them only the count goes on. */
export const MAX_KEPT_REJECTS = 1_000;

/** Postgres: the role may not make schemas in this database. */
const INSUFFICIENT_PRIVILEGE = '42501';

/** What a batch took of the topic. */
export interface ReplayBatch<Rec> {
  readonly records: readonly Rec[];
  readonly rejects: readonly ReplayReject[];
  readonly advances: readonly ReplayAdvance[];
}

export interface ReplayComparison {
  readonly rows: RowComparison;
  /** Where a model scored. */
  readonly scores?: ScoreComparison;
}

export class Replays {
  constructor(
    private readonly database: Database,
    private readonly registry: ModelRegistry,
  ) {}

  /** Newest first. */
  list(): Promise<ListedReplay[]> {
    return listReplays(this.database);
  }

  /** The replay of this name, if there is one. @throws InputError for a name that cannot be */
  async find(name: string): Promise<ReplayStatus | undefined> {
    checkReplayName(name);
    return (await replayExists(this.database, name)) ? readReplay(this.database, name) : undefined;
  }

  /** Removes its tables whole. @throws KindredError NOT_FOUND */
  async drop(name: string): Promise<void> {
    checkReplayName(name);
    await this.database.transaction(async (tx) => {
      if (await replayExists(tx, name)) return dropReplay(tx, name);
      throw new KindredError('NOT_FOUND', `There is no replay "${name}".`, {
        field: 'name',
        remedy: '`kindred replays` lists them.',
      });
    });
  }

  /**
   * Says what stands against a replay before anything is read or made.
   * @throws KindredError MODEL_NOT_FOUND; InputError where there is nothing to score, or the name holds something else
   */
  async check(spec: ReplaySpec): Promise<ReplayStatus | undefined> {
    const there = await this.find(spec.name);
    if (there) refuseOther(there, spec);
    if (spec.modelId !== undefined) await this.requireModel(spec.modelId, spec.stream);
    return there;
  }

  /** Makes the replay's tables. @throws KindredError BAD_CONFIGURATION where the role may not make a schema */
  async create(spec: ReplaySpec, partitions: readonly ReplayPartition[]): Promise<ReplayStatus> {
    const startedAt = new Date();
    await createReplay(this.database, { ...spec, partitions, startedAt }).catch((error: Error & { code?: string }) => {
      if (error.code !== INSUFFICIENT_PRIVILEGE) throw error;
      throw new KindredError(
        'BAD_CONFIGURATION',
        `The schema ${replaySchema(spec.name)} cannot be made: ${error.message}`,
        {
          field: 'DATABASE_URL',
          remedy: 'Let the owner of the database run: GRANT CREATE ON DATABASE <database> TO <role>',
          cause: error,
        },
      );
    });
    return readReplay(this.database, spec.name);
  }

  /** One transaction: rows by the rules of live intake, rejects, positions. @returns records that added or changed nothing */
  take<S extends StreamName>(
    { name, stream }: { readonly name: string; readonly stream: S },
    { records, rejects, advances }: ReplayBatch<StreamRecord[S]>,
    keptRejects: number,
  ): Promise<{ duplicates: number }> {
    const kept = rejects.slice(0, Math.max(MAX_KEPT_REJECTS - keptRejects, 0));
    return withRetries(() =>
      inReplay(this.database, name, async (tx) => {
        const { duplicates } = await insertEvents(tx, stream, records);
        if (kept.length > 0) await saveRejects(tx, kept);
        if (!(await advanceReplay(tx, advances, { records: records.length, duplicates }))) throw movedOn(name);
        return { duplicates };
      }),
    );
  }

  /** What retention took between two runs is counted as lost, and reading goes on behind it. */
  async skipLost(name: string, partition: number, next: number): Promise<ReplayStatus> {
    await inReplay(this.database, name, (tx) => skipLost(tx, partition, next));
    return readReplay(this.database, name);
  }

  /** Everything is read: what is left is scoring, or nothing. */
  async finishReading({ name, modelId }: Pick<ReplaySpec, 'name' | 'modelId'>): Promise<ReplayStatus> {
    await inReplay(this.database, name, (tx) =>
      modelId === undefined ? setReplayState(tx, 'done', new Date()) : setReplayState(tx, 'scoring'),
    );
    return readReplay(this.database, name);
  }

  /** Scores what has no score yet in order of time, and ends the replay. @throws CancelledError between two batches */
  async score(
    { name, modelId }: { name: string; modelId: string },
    options: ReplayScoringOptions,
  ): Promise<ReplayStatus> {
    const model = await FraudModel.load(modelId, await this.registry.artifacts(modelId));
    try {
      await scoreReplay(this.database, { name, model, live: await liveSchema(this.database) }, options);
    } finally {
      await model.close();
    }
    await inReplay(this.database, name, (tx) => setReplayState(tx, 'done', new Date()));
    return readReplay(this.database, name);
  }

  rejects(name: string): Promise<ReplayReject[]> {
    checkReplayName(name);
    return replayRejects(this.database, name);
  }

  async compare({ name, stream, modelId }: Pick<ReplaySpec, 'name' | 'stream' | 'modelId'>): Promise<ReplayComparison> {
    const live = await liveSchema(this.database);
    const rows = await compareRows(this.database, { name, live, stream });
    if (modelId === undefined) return { rows };
    return { rows, scores: await compareScores(this.database, { name, live }) };
  }

  private async requireModel(modelId: string, stream: StreamName): Promise<void> {
    if (stream !== 'transactions')
      throw new InputError('model', `Models score transactions; ${stream} have no scores.`, {
        remedy: 'Leave --model out to rebuild the table, or replay transactions.',
      });
    const model = await this.registry.get(modelId);
    if (!model)
      throw new KindredError('MODEL_NOT_FOUND', `There is no model "${modelId}".`, {
        field: 'model',
        remedy: '`kindred models accounts` lists those that score transactions.',
      });
    if (model.space !== ACCOUNTS_SPACE)
      throw new InputError('model', `Model "${modelId}" is of space "${model.space}" and scores no transactions.`, {
        remedy: '`kindred models accounts` lists those that do.',
      });
  }
}

/** Names become Postgres identifiers, so that only letters, digits and underscores may be in one. @throws InputError */
export function checkReplayName(name: string): void {
  if (REPLAY_NAME.test(name)) return;
  throw new InputError('into', `"${name}" cannot be the name of a replay.`, {
    remedy: 'Begin with a letter from a to z; up to 48 of a-z, 0-9 and _ in all.',
  });
}

/** A name stands for one question: the rest of another one must not land among its rows. */
function refuseOther(there: ReplaySpec, spec: ReplaySpec): void {
  const differing = (['topic', 'from', 'to', 'modelId'] as const).filter((field) => there[field] !== spec[field]);
  if (differing.length === 0) return;
  const said = differing.map((field) => `${field === 'modelId' ? 'model' : field} ${there[field] ?? 'none'}`);
  throw new InputError('into', `The replay "${there.name}" was begun with another question: ${said.join(', ')}.`, {
    remedy: `Ask as then to go on with it, choose another name, or remove it: kindred replays drop ${there.name}`,
    facts: { name: there.name },
  });
}

function movedOn(name: string): KindredError {
  return new KindredError('STREAM_POSITION_MOVED', `Another process is at work on the replay "${name}".`, {
    remedy: 'Let it end, or choose another name with --into.',
    facts: { name },
    retriable: true,
  });
}
