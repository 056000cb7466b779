/** The parts of a run that go on off this thread: where each keeps its state, what it reports, and what need not be done again. */
import type { ModelEvaluation } from '../domain/model';
import { type BackgroundJob, runInBackground, trainInBackground } from '../training/background';
import type { TrainingContext } from '../training/trainer';
import type { RunCheckpoints } from './checkpoints';
import type { OffThread, Part, Prepared } from './learning/lesson';
import type { RunInProgress } from './run-in-progress';
import type { Plan } from './training-plan';

/** Measures, unless that was done before an interruption: of the same data and options it would come out the same. */
export async function measure(
  prepared: Prepared,
  off: OffThread,
  checkpoints?: RunCheckpoints,
): Promise<ModelEvaluation | undefined> {
  const { fingerprint } = prepared;
  if (!checkpoints || fingerprint === undefined) return prepared.evaluate(off);
  const kept = checkpoints.measured(fingerprint);
  if (kept) return kept.evaluation;
  const evaluation = await prepared.evaluate(keepingOwn(off, `${fingerprint} its own evaluation`, checkpoints));
  checkpoints.keepMeasured(fingerprint, evaluation);
  return evaluation;
}

/** A trainer's own evaluation, done before an interruption of what was measured besides, is not done again either. */
function keepingOwn(off: OffThread, fingerprint: string, checkpoints: RunCheckpoints): OffThread {
  return {
    train: off.train,
    run: async <Result>(job: BackgroundJob, part: Part = 'evaluation') => {
      if (part !== 'evaluation') return off.run<Result>(job, part);
      const kept = checkpoints.measured(fingerprint);
      if (kept) return kept.evaluation as Result;
      const evaluation = await off.run<Result>(job, part);
      checkpoints.keepMeasured(fingerprint, evaluation as ModelEvaluation | undefined);
      return evaluation;
    },
  };
}

export function offThread(
  { trainer, options }: Pick<Plan, 'trainer' | 'options'>,
  run: RunInProgress<unknown>,
  checkpoints?: RunCheckpoints,
): OffThread {
  const context = (part: Part): TrainingContext => {
    let resumed = '';
    return {
      signal: run.signal,
      onProgress: ({ phase, resumedFrom, notice, ...progress }) => {
        if (notice !== undefined) run.notice(`${part}: ${notice}`);
        if (resumedFrom !== undefined) resumed = ` (resumed from ${resumedFrom})`;
        run.report({ ...progress, phase: `${part}: ${phase}${resumed}` });
      },
      checkpoint: checkpoints?.fileOf(part),
    };
  };
  return {
    train: (data, part) => trainInBackground(trainer, data, options, context(part)),
    run: (job, part = 'evaluation') => runInBackground(job, context(part)),
  };
}
