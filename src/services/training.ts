/**
 * Training runs: evaluate on held-out data, train on everything, store a new version, promote it if asked. Runs go one at
 * a time, since one uses every core it may; others wait in a short queue. The training itself is off this thread.
 */
import type { Model, ModelEvaluation, TrainingRun } from '../domain/model';
import { KindredError } from '../errors';
import type { Database } from '../stores/database';
import { failInterruptedRuns, findRun, listRuns, saveRun } from '../stores/runs';
import { OTHER_VERSION } from '../training/checkpoint';
import { trainers } from '../training/trainers';
import { Checkpoints, type RunCheckpoints } from './checkpoints';
import { lessons } from './learning/lessons';
import type { ModelRegistry } from './registry';
import { RunInProgress, type RunningTraining, type TrainingOutcome, toFailure } from './run-in-progress';
import { measure, offThread } from './run-parts';
import { describeRun, type Plan, planTraining, type StartTraining } from './training-plan';

export type { RunningTraining, StartTraining, TrainingOutcome };

/** What `kindred evaluate` prints. */
export interface EvaluationReport {
  trainer: string;
  space: string;
  options: Readonly<Record<string, unknown>>;
  evaluation: ModelEvaluation;
}

export interface RunningEvaluation extends Pick<RunningTraining, 'cancel' | 'onProgress' | 'onNotice'> {
  readonly report: Promise<EvaluationReport>;
}

export interface TrainingSettings {
  /** Threads a run may use where its options do not say. */
  threads: number;
  /** Everything about a failure that is not one of Kindred's own errors. */
  onFailure: (run: TrainingRun, error: unknown) => void;
  /** What else whoever looks after runs should know of one. @default nobody is told */
  onNotice?: (run: TrainingRun, sentence: string) => void;
  /** Folder where runs keep their state while they are under way; absent: none is kept, and a killed run starts anew. */
  checkpoints?: string;
}

/** Runs that may wait behind the one under way. */
const MAX_QUEUED = 8;
/** An unfinished run of another process that showed no sign of life for so long was interrupted. */
const SILENCE_MILLIS = 60_000;
const INTERRUPTED = {
  code: 'TRAINING_FAILED',
  message: 'interrupted',
  remedy: 'Its process ended before it did. Start it again: it goes on from its last checkpoint, where it had one.',
};

type Task = { run: RunInProgress<unknown>; work: () => Promise<void> };

export class TrainingRuns {
  private readonly queue: Task[] = [];
  private readonly unfinished = new Map<string, RunInProgress<unknown>>();
  private working?: Promise<void>;
  /** Runs that were cancelled before their turn, until their rows say so. */
  private readonly ending = new Set<Promise<void>>();
  private readonly checkpoints?: Checkpoints;
  private closed = false;

  constructor(
    private readonly database: Database,
    private readonly registry: ModelRegistry,
    private readonly settings: TrainingSettings,
  ) {
    if (settings.checkpoints !== undefined) this.checkpoints = new Checkpoints(settings.checkpoints);
  }

  /**
   * Ends what a killed process left running, and removes old checkpoints, as each run does too. The embedded store has one process, so nothing
   * there can be under way.
   */
  async recover(): Promise<number> {
    this.checkpoints?.sweep();
    return this.failInterrupted();
  }

  private failInterrupted(): Promise<number> {
    const now = new Date();
    const silentSince = this.database.kind === 'embedded' ? now : new Date(now.getTime() - SILENCE_MILLIS);
    return failInterruptedRuns(this.database, silentSince, now, INTERRUPTED);
  }

  /** Runs go one at a time, others queue. @throws KindredError TRAINING_BUSY when the queue is full; OptionError; InputError */
  async start(input: StartTraining): Promise<RunningTraining> {
    const plan = planTraining(input, this.settings.threads);
    const run = new RunInProgress<TrainingOutcome>(describeRun(plan), (state, at) => saveRun(this.database, state, at));
    await this.enqueue(run, () => this.train(plan, run));
    return run;
  }

  /**
   * Holds data out, trains, measures, and puts the baselines beside; stores nothing.
   * @param subject a trainer, or the id of a model whose trainer and options are taken
   * @throws KindredError MODEL_NOT_FOUND, TRAINING_BUSY; OptionError; InputError
   */
  async evaluate(
    subject: string,
    input: Pick<StartTraining, 'space' | 'options' | 'dataFrom' | 'dataTo'> = {},
  ): Promise<RunningEvaluation> {
    const model = await this.registry.get(subject);
    if (!model && !Object.hasOwn(trainers, subject)) throw nothingNamed(subject);
    const given = {
      ...input,
      trainer: model?.trainer ?? subject,
      space: input.space ?? model?.space,
      options: { ...model?.options, ...input.options },
    };
    const plan = planTraining(given, this.settings.threads);
    const run = new RunInProgress<EvaluationReport>(describeRun(plan), async () => undefined);
    await this.enqueue(run, async () => {
      const prepared = await this.prepare(plan, run.signal);
      const evaluation = await prepared.evaluate(offThread(plan, run));
      if (!evaluation) throw nothingToMeasureBy(plan.trainer);
      return { trainer: plan.trainer, space: plan.space, options: plan.options, evaluation };
    });
    return {
      report: run.outcome,
      cancel: () => run.cancel(),
      onProgress: (listener) => run.onProgress(listener),
      onNotice: (listener) => run.onNotice(listener),
    };
  }

  async get(id: string): Promise<TrainingRun | undefined> {
    const here = this.unfinished.get(id);
    if (here) return here.current();
    const stored = await findRun(this.database, id);
    if (stored?.status !== 'queued' && stored?.status !== 'running') return stored;
    return (await this.failInterrupted()) > 0 ? findRun(this.database, id) : stored;
  }

  /** Newest first. */
  list(limit = 100): Promise<TrainingRun[]> {
    return listRuns(this.database, limit);
  }

  /** Whether there was such a run, not yet ended, to cancel. One that waits for its turn ends at once, and others have its place. */
  cancel(id: string): boolean {
    const run = this.unfinished.get(id);
    if (!run) return false;
    run.cancel();
    const task = this.takeFromQueue(run);
    if (task) {
      const ending = this.conclude(task);
      this.ending.add(ending);
      void ending.finally(() => this.ending.delete(ending));
    }
    return true;
  }

  /** The run now, then each report until it ends; a slow reader gets the newest. Nothing for an unknown id. */
  async *watch(id: string): AsyncGenerator<TrainingRun> {
    const here = this.unfinished.get(id);
    if (here) {
      yield* here.watch();
      return;
    }
    const run = await this.get(id);
    if (run) yield run;
  }

  /** Cancels every run and waits until the last one has ended. */
  async close(): Promise<void> {
    this.closed = true;
    for (const run of this.unfinished.values()) run.cancel();
    await this.working;
    await Promise.all(this.ending);
  }

  private async enqueue<Outcome>(run: RunInProgress<Outcome>, work: () => Promise<Outcome>): Promise<void> {
    if (this.closed || this.queue.length >= MAX_QUEUED)
      throw new KindredError('TRAINING_BUSY', `${MAX_QUEUED} training runs are waiting already.`, {
        remedy: 'Try again when some of them have ended, or cancel them.',
        retriable: true,
      });
    const task: Task = {
      run,
      work: () => run.conclude(work, (error) => this.settings.onFailure(run.current(), error)),
    };
    run.onNotice((sentence) => this.settings.onNotice?.(run.current(), sentence));
    this.queue.push(task);
    this.unfinished.set(run.id, run);
    try {
      await run.save();
    } catch (error) {
      // Who asked is told that there is no such run: it must neither begin nor keep a place.
      run.cancel();
      if (this.takeFromQueue(run)) this.unfinished.delete(run.id);
      throw error;
    }
    this.working ??= this.workOff();
  }

  /** @returns undefined where its turn has come */
  private takeFromQueue(run: RunInProgress<unknown>): Task | undefined {
    const place = this.queue.findIndex((task) => task.run === run);
    return place < 0 ? undefined : this.queue.splice(place, 1)[0];
  }

  private async workOff(): Promise<void> {
    for (let task = this.queue.shift(); task; task = this.queue.shift()) await this.conclude(task);
    this.working = undefined;
  }

  private async conclude({ run, work }: Task): Promise<void> {
    await work();
    this.unfinished.delete(run.id);
  }

  private async train(plan: Plan, run: RunInProgress<TrainingOutcome>): Promise<TrainingOutcome> {
    const { dataFrom: from, dataTo: to, restart } = plan.input;
    const checkpoints = this.checkpoints?.of({ ...plan, from, to });
    // Cancelled runs leave theirs: whoever starts and cancels many must not fill the disk.
    this.checkpoints?.sweep();
    if (restart) checkpoints?.remove();
    if (checkpoints?.removeOfOtherVersions()) run.notice(OTHER_VERSION);
    try {
      const outcome = await this.learn(plan, run, checkpoints);
      checkpoints?.remove();
      return outcome;
    } catch (error) {
      // What a failed run left might fail again. One that was cancelled may be wanted after all, and a store may come back.
      const retriable = error instanceof KindredError && error.retriable;
      if (!run.signal.aborted && !retriable) checkpoints?.remove();
      throw error;
    }
  }

  private async learn(
    plan: Plan,
    run: RunInProgress<TrainingOutcome>,
    checkpoints?: RunCheckpoints,
  ): Promise<TrainingOutcome> {
    const { input, trainer, space, options } = plan;
    run.report({ phase: 'reading the store', done: 0, total: 0 });
    const prepared = await this.prepare(plan, run.signal);
    const off = offThread(plan, run, checkpoints);
    const evaluation = input.evaluate === false ? undefined : await measure(prepared, off, checkpoints);
    const startedAt = performance.now();
    const { rows, artifacts, facts } = await prepared.learn(off);
    const seconds = (performance.now() - startedAt) / 1000;
    run.refuseCancelled();
    run.report({ phase: 'storing the model', done: 0, total: 0 });
    const { data } = prepared;
    const createdAt = new Date();
    const model = await this.registry.add({
      ...{ space, trainer, options, data, evaluation, facts, seconds, createdAt, rows, artifacts },
    });
    run.madeModel(model.id);
    return input.promote ? this.promote(model, run, input.force) : { model };
  }

  private async promote(model: Model, run: RunInProgress<TrainingOutcome>, force?: boolean): Promise<TrainingOutcome> {
    try {
      const promotion = await this.registry.promote(model.id, { force });
      const { forced, note, replacedId } = promotion;
      run.judged({ promoted: true, forced, note, replacedId });
      return { model: promotion.model, promotion };
    } catch (error) {
      if (!(error instanceof KindredError && error.code === 'PROMOTION_REFUSED')) throw error;
      run.judged({ promoted: false, forced: false, refusal: toFailure(error) });
      return { model, refusal: error };
    }
  }

  private prepare({ trainer, options, input }: Plan, signal: AbortSignal) {
    const range = { from: input.dataFrom, to: input.dataTo };
    return lessons[trainer].prepare({ database: this.database, range, options, signal });
  }
}

function nothingToMeasureBy(trainer: string): KindredError {
  return new KindredError('EMPTY_CORPUS', `Nothing that was held out says how good ${trainer} is.`, {
    remedy:
      trainer === 'autoencoder'
        ? 'Fraud is measured by labels: ingest some, of frauds and of others, in the last quarter of the time.'
        : 'Give more data, or longer sequences: what is left when something is held out must be enough to learn from.',
    facts: { trainer },
  });
}

function nothingNamed(subject: string): KindredError {
  return new KindredError(
    'BAD_USER_INPUT',
    `There is neither a trainer nor a model called "${subject.slice(0, 80)}".`,
    {
      field: 'trainer',
      remedy: `Name a trainer (${Object.keys(trainers).join(', ')}), or a model that "kindred models" lists.`,
    },
  );
}
