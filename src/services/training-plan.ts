/** What a training run is to do: checked, with every default filled in. */
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { TrainingRun } from '../domain/model';
import { InputError, OptionError } from '../errors';
import { parseOptions, trainerNamed } from '../training/trainers';
import { lessons } from './learning/lessons';

export interface StartTraining {
  trainer: string;
  /** @default the trainer's own, by its options: items, merchants, doc2vec_sessions … */
  space?: string;
  /** Trainer options, typed or as the strings of `--set option=value`. */
  options?: Readonly<Record<string, unknown>>;
  /** Learn only from records at or after this time. */
  dataFrom?: Date;
  /** Learn only from records before this time. */
  dataTo?: Date;
  /** Measure on held-out data first, beside the baselines. @default true */
  evaluate?: boolean;
  /** Promote the version when it is there. @default false */
  promote?: boolean;
  /** Promote even if it loses to the plain baseline. @default false */
  force?: boolean;
  /** Begin anew where an interrupted run of the same kind left its state; otherwise it goes on from there. @default false */
  restart?: boolean;
}

export interface Plan {
  readonly trainer: string;
  readonly space: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly input: StartTraining;
}

/** Threads beyond a few for each core only wait for one another, while each takes some 15 MB and its turns from whoever serves. */
const MOST_THREADS_A_CORE = 4;

export const SPACE_NAME = /^[a-z][a-z0-9_]{0,39}$/;

/**
 * @param threads that the run may use where its options do not say
 * @throws OptionError, InputError
 */
export function planTraining(input: StartTraining, threads: number): Plan {
  const trainer = trainerNamed(input.trainer);
  const options = parseOptions(trainer, { threads, ...input.options });
  trainer.check?.(options);
  checkThreads(options, threads);
  const own = lessons[trainer.name].space(options);
  const space = input.space ?? own;
  if (!SPACE_NAME.test(space))
    throw new InputError('space', `"${space.slice(0, 60)}" cannot name a space.`, {
      remedy: 'Use at most 40 of a-z, 0-9 and _, a letter first.',
    });
  // Answers take the vectors of a space for what its trainer makes: friends must not be ranked by vectors of items.
  const owner = Object.entries(lessons).find(([, lesson]) => lesson.owns(space))?.[0];
  if (owner !== undefined && owner !== trainer.name)
    throw new InputError('space', `Space "${space}" is for models of ${owner}, not of ${trainer.name}.`, {
      remedy: `Leave the space out to train "${own}", or give it another name.`,
    });
  const { dataFrom, dataTo } = input;
  if (dataFrom && dataTo && dataFrom >= dataTo)
    throw new InputError('dataFrom', '"dataFrom" is not before "dataTo", so there is nothing to learn from.');
  return { trainer: trainer.name, space, options, input };
}

/** @throws OptionError where they are far more than this machine can run at the same time */
function checkThreads({ threads }: Readonly<Record<string, unknown>>, usual: number): void {
  const cores = availableParallelism();
  const most = Math.max(usual, MOST_THREADS_A_CORE * cores);
  if (typeof threads !== 'number' || threads <= most) return;
  throw new OptionError('threads', `${threads} threads are too many for ${cores} cores; ${most} may train here.`, {
    remedy: `Leave threads out to have ${usual}, or give at most ${most}.`,
  });
}

/** The run before it has begun. */
export function describeRun({ trainer, space, options }: Plan): TrainingRun {
  return { id: randomUUID(), trainer, space, options, status: 'queued', done: 0, total: 0, startedAt: new Date() };
}
