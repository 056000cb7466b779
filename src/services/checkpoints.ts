/**
 * The folder where runs keep their state while they are under way. A run is known by its trainer, space, options and
 * range of time: started again after its process was killed, it finds what it left, part by part. Each file says of which
 * data it is, and which version of the code wrote it; of others it counts for nothing (training/checkpoint.ts).
 *
 * A run that is done or that failed leaves nothing; one that was cancelled or killed leaves what it had, for a week.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelEvaluation } from '../domain/model';
import { KindredError } from '../errors';
import { isOfAnotherVersion, readCheckpoint, removeCheckpoint, writeCheckpoint } from '../training/checkpoint';
import type { Part } from './learning/lesson';

export interface CheckpointedRun {
  readonly trainer: string;
  readonly space: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly from?: Date;
  readonly to?: Date;
}

/** What a sweep leaves. */
export interface CheckpointBounds {
  /** @default a week */
  readonly maxAgeMillis?: number;
  /** @default 64 */
  readonly maxFiles?: number;
  /** @default 20 GB */
  readonly maxBytes?: number;
}

const WEEK_MILLIS = 7 * 86_400_000;
/** Files of runs, and what a killed process had not finished writing of one. */
const OURS = /^[0-9a-f]{32}-[a-z]+\.checkpoint(\.\d+\.new)?$/;
const PARTS: readonly (Part | 'measured')[] = ['evaluation', 'vectors', 'training', 'measured'];

export class Checkpoints {
  /** @param folder made when the first run needs it */
  constructor(private readonly folder: string) {}

  /** @throws KindredError TRAINING_FAILED where the folder cannot be made */
  of({ trainer, space, options, from, to }: CheckpointedRun): RunCheckpoints {
    try {
      // Vectors and networks say much about the data: they are nobody else's to read.
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new KindredError('TRAINING_FAILED', `The folder for the state of runs, ${this.folder}, cannot be made.`, {
        remedy:
          'Let the user that runs Kindred write there, or choose another folder with --data-dir or KINDRED_DATA_DIR.',
        facts: { folder: this.folder },
        cause,
      });
    }
    const known = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
    const text = JSON.stringify([trainer, space, known, from?.getTime(), to?.getTime()]);
    return new RunCheckpoints(join(this.folder, createHash('sha256').update(text).digest('hex').slice(0, 32)));
  }

  /** Removes what is old, then the oldest until what is left is within the bounds. @returns how many files went */
  sweep({ maxAgeMillis = WEEK_MILLIS, maxFiles = 64, maxBytes = 20e9 }: CheckpointBounds = {}): number {
    const newestFirst = this.files().sort((a, b) => b.at - a.at);
    const oldest = Date.now() - maxAgeMillis;
    let bytes = 0;
    const surplus = newestFirst.filter((file, place) => {
      bytes += file.bytes;
      return file.at < oldest || place >= maxFiles || bytes > maxBytes;
    });
    for (const { path } of surplus) rmSync(path, { force: true });
    return surplus.length;
  }

  private files(): { path: string; at: number; bytes: number }[] {
    return namesIn(this.folder)
      .filter((name) => OURS.test(name))
      .flatMap((name) => {
        const path = join(this.folder, name);
        // Another process may have ended its run meanwhile.
        const facts = statSync(path, { throwIfNoEntry: false });
        return facts ? [{ path, at: facts.mtimeMs, bytes: facts.size }] : [];
      });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The files of one run. */
export class RunCheckpoints {
  constructor(private readonly stem: string) {}

  /** Where a part keeps its state. */
  fileOf(part: Part | 'measured'): string {
    return `${this.stem}-${part}.checkpoint`;
  }

  /** What was measured before the run was interrupted; `evaluation` is undefined where there was nothing to measure by. */
  measured(fingerprint: string): { evaluation?: ModelEvaluation } | undefined {
    const kept = readCheckpoint(this.fileOf('measured'), fingerprint);
    return kept && JSON.parse(String(kept.facts.measured));
  }

  keepMeasured(fingerprint: string, evaluation: ModelEvaluation | undefined): void {
    writeCheckpoint(this.fileOf('measured'), fingerprint, {
      facts: { measured: JSON.stringify({ evaluation }) },
      arrays: {},
    });
  }

  /** @returns whether there was any that another version of Kindred wrote: the run begins anew there */
  removeOfOtherVersions(): boolean {
    const old = PARTS.map((part) => this.fileOf(part)).filter(isOfAnotherVersion);
    for (const file of old) removeCheckpoint(file);
    return old.length > 0;
  }

  remove(): void {
    for (const part of PARTS) removeCheckpoint(this.fileOf(part));
  }
}
