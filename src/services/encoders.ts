/**
 * The encoders that this process keeps ready: a few, each opened once for all who ask, from the artifacts in the store, in a
 * thread of their own. The one that was asked longest ago is closed for another; all are closed at shutdown.
 */
import type { Model } from '../domain/model';
import { CancelledError, InputError, KindredError } from '../errors';
import type { Database } from '../stores/database';
import { readArtifacts } from '../stores/models';
import { type Ability, type EncoderAnswer, type EncoderQuestion, EncoderThread } from '../training/encoder-thread';

/** Models open at a time. Each takes about the memory of its artifacts. */
export const ENCODERS_KEPT = 4;
/** A model that could not be opened is tried again after this long: its bytes may have been restored from a copy. */
const UNFIT_FOR_MILLIS = 30_000;

type Opening = Promise<ReadonlySet<Ability>>;

export class Encoders {
  /** In the order of their last use, by model id. */
  private readonly opened = new Map<string, Opening>();
  /** Questions under way, by model id: their models stay open. */
  private readonly asking = new Map<string, number>();
  /** Questions to models that are not open, while all that are have questions under way. */
  private readonly waiting: (() => void)[] = [];
  private readonly unfit = new Map<string, { problem: unknown; until: number }>();
  private readonly thread = new EncoderThread(() => this.opened.clear());
  private closed = false;

  constructor(private readonly database: Database) {}

  /** @throws InputError where the model has no such answers; KindredError MODEL_CORRUPT, CANCELLED */
  async ask(model: Model, question: EncoderQuestion): Promise<EncoderAnswer> {
    // Whoever asks many models at once must not have the memory of all of them taken.
    while (!this.hasRoomFor(model)) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.asking.set(model.id, (this.asking.get(model.id) ?? 0) + 1);
    try {
      const abilities = await this.open(model);
      if (!abilities.has(question.ability)) throw unable(model, question.ability, abilities);
      return await this.thread.ask(model.id, question);
    } finally {
      const others = this.asking.get(model.id)! - 1;
      if (others > 0) this.asking.set(model.id, others);
      else this.asking.delete(model.id);
      this.closeOldest();
      for (const wake of this.waiting.splice(0)) wake();
    }
  }

  private hasRoomFor({ id }: Model): boolean {
    return this.closed || this.asking.has(id) || this.asking.size < ENCODERS_KEPT;
  }

  /** Once what is under way has ended or was refused. Twice without harm. */
  async close(): Promise<void> {
    this.closed = true;
    this.opened.clear();
    await this.thread.stop();
  }

  private open(model: Model): Opening {
    if (this.closed) throw new CancelledError('Encoding');
    const failed = this.unfit.get(model.id);
    if (failed && Date.now() < failed.until) throw failed.problem;
    const opening = this.opened.get(model.id) ?? this.start(model);
    // Last in the order of use.
    this.opened.delete(model.id);
    this.opened.set(model.id, opening);
    this.closeOldest();
    return opening;
  }

  private start(model: Model): Opening {
    const opening = this.load(model);
    opening.catch((problem: unknown) => {
      if (this.opened.get(model.id) === opening) this.opened.delete(model.id);
      if (isUnfit(problem)) this.unfit.set(model.id, { problem, until: Date.now() + UNFIT_FOR_MILLIS });
    });
    return opening;
  }

  private async load({ id, trainer }: Model): Promise<ReadonlySet<Ability>> {
    const artifacts = await readArtifacts(this.database, id);
    if (this.closed) throw new CancelledError('Encoding');
    try {
      const abilities = new Set(await this.thread.open(id, trainer, artifacts));
      this.unfit.delete(id);
      return abilities;
    } catch (error) {
      const code = error instanceof KindredError ? error.code : undefined;
      if (code === 'BAD_USER_INPUT') throw unable({ id, trainer }, undefined, NOTHING);
      if (code !== undefined && code !== 'TRAINING_FAILED') throw error;
      // The thread ended, and the model need not be what ended it.
      if (error instanceof KindredError && error.retriable) throw error;
      // What a loader stumbled over.
      throw new KindredError('MODEL_CORRUPT', `Model "${id}" cannot be opened: ${(error as Error).message}`, {
        remedy: `Train ${trainer} again, and promote the new version.`,
        facts: { modelId: id },
        cause: error,
      });
    }
  }

  private closeOldest(): void {
    if (this.opened.size <= ENCODERS_KEPT) return;
    const idle = [...this.opened].find(([id]) => !this.asking.has(id));
    if (!idle) return;
    const [id, opening] = idle;
    this.opened.delete(id);
    const close = async (): Promise<void> => {
      if (!this.opened.has(id) && !this.closed) await this.thread.close(id);
    };
    // One that failed to open needs no closing, nor does one whose thread has ended meanwhile.
    opening.then(close).catch(() => undefined);
  }
}

const isUnfit = (problem: unknown): boolean => problem instanceof KindredError && problem.code === 'MODEL_CORRUPT';

const IN_WORDS: Readonly<Record<Ability, string>> = {
  sequence: 'vectors of sequences',
  contexts: 'a vector for each event in its context',
  next: 'what comes next',
  text: 'vectors of texts',
};

const NOTHING: ReadonlySet<Ability> = new Set();

function unable(
  { id, trainer }: Pick<Model, 'id' | 'trainer'>,
  ability: Ability | undefined,
  able: ReadonlySet<Ability>,
): KindredError {
  const wanted = ability ? IN_WORDS[ability] : 'vectors of what came after training';
  const others = [...able].map((each) => IN_WORDS[each]).join(', ');
  return new InputError('space', `Model "${id}" (${trainer}) does not give ${wanted}.`, {
    remedy: others
      ? `It gives ${others}: for the rest ask the space of another trainer.`
      : 'Ask the space of another trainer.',
  });
}
