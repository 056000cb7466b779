/**
 * One run from its start to its end: what it reports, who listens, whether it is to stop, and what came of it. Its row in
 * the store follows at a distance, and at once when its status changes.
 */
import type { Failure, Model, Promotion, RunPromotion, TrainingRun } from '../domain/model';
import { CancelledError, KindredError } from '../errors';
import type { TrainingProgress } from '../training/trainer';

/** What came of a training run. */
export interface TrainingOutcome {
  model: Model;
  /** Set when promotion was asked for and done. */
  promotion?: Promotion;
  /** Set when promotion was asked for and refused; the version is kept. */
  refusal?: KindredError;
}

/** A training run under way. */
export interface RunningTraining {
  readonly id: string;
  /** Resolves when the version is stored; rejects with what went wrong. */
  readonly outcome: Promise<TrainingOutcome>;
  /** As last reported. */
  current(): TrainingRun;
  /** Calls the listener at each report until the run ends; returns a function that stops it. */
  onProgress(listener: (run: TrainingRun) => void): () => void;
  /** Calls the listener with each sentence that people should see, those said before it listened first. */
  onNotice(listener: (sentence: string) => void): void;
  cancel(): void;
}

/** How far the row in the store may be behind; also the sign that the process lives. */
const SAVE_MILLIS = 2_000;

/** What a run does that was cancelled. */
export const STOPPING = 'stopping after the step that is running';

export class RunInProgress<Outcome> {
  readonly outcome: Promise<Outcome>;
  private readonly controller = new AbortController();
  private readonly listeners = new Set<(run: TrainingRun) => void>();
  private readonly notices: string[] = [];
  private readonly noticeListeners: ((sentence: string) => void)[] = [];
  private settle!: { resolve(outcome: Outcome): void; reject(error: unknown): void };
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private run: TrainingRun,
    private readonly store: (run: TrainingRun, at: Date) => Promise<void>,
  ) {
    this.outcome = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    // Who started the run may not wait for it; its failure is in the run itself then.
    this.outcome.catch(() => undefined);
  }

  get id(): string {
    return this.run.id;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  current(): TrainingRun {
    return this.run;
  }

  /** It goes on until the training steps that are under way are done: whoever watches is told at once. */
  cancel(): void {
    if (this.signal.aborted || this.run.finishedAt) return;
    this.controller.abort();
    if (this.run.status === 'running') this.change({ phase: STOPPING });
  }

  /** @throws CancelledError once it was cancelled */
  refuseCancelled(): void {
    if (this.signal.aborted) throw new CancelledError('The training run');
  }

  onProgress(listener: (run: TrainingRun) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onNotice(listener: (sentence: string) => void): void {
    this.noticeListeners.push(listener);
    for (const sentence of this.notices) listener(sentence);
  }

  /** Says it to whoever listens now or will, once. */
  notice(sentence: string): void {
    if (this.notices.includes(sentence)) return;
    this.notices.push(sentence);
    for (const listener of this.noticeListeners) listener(sentence);
  }

  report({ phase, done, total, loss }: TrainingProgress): void {
    if (this.signal.aborted) return;
    this.change({ phase, done, total, loss });
  }

  madeModel(modelId: string): void {
    this.change({ modelId });
  }

  judged(promotion: RunPromotion): void {
    this.change({ promotion });
  }

  /** Writes the run's row; writes follow one another, also after one that failed, as while the database was away. */
  save(): Promise<void> {
    const write = (): Promise<void> => this.store(this.run, new Date());
    this.saving = this.saving.then(write, write);
    return this.saving;
  }

  /** Does the work and settles the outcome with what came of it; never rejects. */
  async conclude(work: () => Promise<Outcome>, onFailure: (error: unknown) => void): Promise<void> {
    const heartbeat = setInterval(() => {
      this.save().catch(onFailure);
    }, SAVE_MILLIS);
    let end: () => void;
    try {
      this.refuseCancelled();
      this.change({ status: 'running' });
      await this.save();
      const outcome = await work();
      this.change({ status: 'succeeded', finishedAt: new Date() });
      end = () => this.settle.resolve(outcome);
    } catch (error) {
      const failure = this.signal.aborted ? new CancelledError('The training run') : asFailure(error);
      if (failure.code !== 'CANCELLED') onFailure(error);
      const status = failure.code === 'CANCELLED' ? 'cancelled' : 'failed';
      this.change({ status, error: toFailure(failure), finishedAt: new Date() });
      end = () => this.settle.reject(failure);
    } finally {
      clearInterval(heartbeat);
    }
    // The row is written before anybody is told, so that who was told finds it.
    await this.save().catch(onFailure);
    end();
    this.listeners.clear();
  }

  /** The run now, then each report until it ends; a slow reader gets the newest. */
  async *watch(): AsyncGenerator<TrainingRun> {
    let wake = (): void => undefined;
    let newest: TrainingRun | undefined = this.run;
    const stop = this.onProgress((run) => {
      newest = run;
      wake();
    });
    const ended = this.outcome.then(
      () => undefined,
      () => undefined,
    );
    try {
      for (;;) {
        while (newest) {
          const run: TrainingRun = newest;
          newest = undefined;
          yield run;
          if (run.finishedAt) return;
        }
        const news = new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (!newest) await Promise.race([news, ended]);
        if (!newest && this.run.finishedAt) newest = this.run;
      }
    } finally {
      stop();
    }
  }

  private change(news: Partial<TrainingRun>): void {
    this.run = { ...this.run, ...news };
    for (const listener of this.listeners) listener(this.run);
  }
}

export function toFailure({ code, message, remedy }: KindredError): Failure {
  return { code, message, remedy };
}

/** Failures that Kindred did not name are told in general; the log has them whole. */
function asFailure(error: unknown): KindredError {
  if (error instanceof KindredError) return error;
  return new KindredError('TRAINING_FAILED', 'Training failed for a reason that the log tells.', {
    remedy: 'Look at the log; if the data and options are right, this is a fault to report.',
    cause: error,
  });
}
