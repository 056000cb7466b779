/** A small world of sequences, and real models of it: four tastes of six items each, taken one after the other, round and round. */
import { sequenceProduct } from '../../src/services/learning/product';
import type { NewModel } from '../../src/stores/models';
import { Random } from '../../src/training/kernels/random';
import {
  corpusOfSequences,
  type EventSequences,
  EventSequencesBuilder,
} from '../../src/training/sequence2vec/event-sequences';
import type { SequenceModel } from '../../src/training/trainer';
import { parseOptions, trainerNamed } from '../../src/training/trainers';

const TASTES = 4;
export const ROUND = 6;
export const item = (taste: number, step: number) => `item-${taste}-${step % ROUND}`;

const SHAPES = ['harbour', 'meridian', 'orchard', 'quicksand'];
const NAMES = ['lantern', 'whisper', 'captain', 'nightfall', 'embroidery', 'violin'];
/** `orchard violin` */
export const titleOf = (taste: number, step: number) => `${SHAPES[taste]} ${NAMES[step]}`;

/** Users whose number modulo 4 is their taste; each goes round from a place of their own. */
export function walks(users = 60, length = 12): EventSequences {
  const random = Random.seeded(7);
  const builder = new EventSequencesBuilder(['action']);
  for (let user = 0; user < users; user++) {
    const start = random.below(ROUND);
    for (let step = 0; step < length; step++)
      builder.add({
        key: `user-${user}`,
        thing: item(user % TASTES, start + step),
        occurredAt: Date.UTC(2026, 0, 1, 0, step),
        categories: ['view'],
      });
  }
  return builder.build();
}

export async function trained(
  trainer: string,
  space: string,
  { data = walks(), options = {} }: { data?: unknown; options?: Record<string, unknown> } = {},
): Promise<NewModel> {
  const named = trainerNamed(trainer);
  const given = parseOptions(named, { dimension: 8, threads: 1, ...options }) as Record<string, unknown>;
  const model: SequenceModel = await named.train(data, given);
  return {
    ...{ space, trainer, options: given, ...sequenceProduct({ ...model, artifacts: model.artifacts ?? {} }) },
    data: { stream: 'interactions', rows: 1 },
    seconds: 1,
    createdAt: new Date('2026-02-02T00:00:00Z'),
  };
}

export function namedItems(): { corpus: ReturnType<typeof corpusOfSequences>; texts: string[] } {
  const corpus = corpusOfSequences(walks());
  const texts = corpus.ids.map((id) => {
    const [, taste, step] = id.split('-').map(Number);
    return titleOf(taste, step);
  });
  return { corpus, texts };
}
