/**
 * fastText learns things together with what they are called: items by their titles and attributes, merchants and other
 * fields by their own names. So a thing that came after training has a vector by its text alone.
 */
import { join } from 'node:path';
import type { ModelEvaluation } from '../../domain/model';
import { type ItemText, itemTexts } from '../../stores/event-pages';
import { fingerprintOf } from '../../training/checkpoint';
import { corpusOfSequences } from '../../training/sequence2vec/event-sequences';
import { attributeToken } from '../../training/sequence2vec/fasttext/subwords';
import { fieldOf } from '../../training/sequence2vec/sequence-options';
import type { SequenceModel } from '../../training/trainer';
import { type Lesson, type LessonContext, refuseCancelled } from './lesson';
import { sequenceProduct } from './product';
import { readSequences } from './sequences';
import { sequenceOptionsOf, thingsBy } from './spaces';

/** Seed of what evaluation hides: the same for every run, so that versions can be compared. */
const SPLIT_SEED = 1;
const TEXTS_A_PAGE = 5_000;

export const fasttextLesson: Lesson = {
  ...thingsBy('fasttext'),
  async prepare(context) {
    const options = sequenceOptionsOf(context.options);
    const { data, sequences, facts, fingerprint } = await readSequences(context, options);
    const corpus = corpusOfSequences(sequences);
    const titled = fieldOf(options) === 'itemId';
    const { texts, untitled } = titled
      ? await textsOfItems(context, corpus.ids)
      : { texts: corpus.ids, untitled: undefined };
    return {
      data,
      fingerprint: fingerprintOf(fingerprint, JSON.stringify(texts)),
      evaluate: ({ run }) =>
        run<ModelEvaluation | undefined>({
          module: join(__dirname, '..', '..', 'training', 'evaluation', 'cold-texts'),
          call: 'trainAndEvaluateColdTexts',
          args: [{ corpus, texts, times: sequences.times }, context.options, { seed: SPLIT_SEED }],
        }),
      learn: async ({ train }) =>
        sequenceProduct(await train<unknown, SequenceModel>({ corpus, texts }, 'training'), {
          ...facts,
          ...(untitled && { itemsWithoutText: untitled }),
        }),
    };
  },
};

/** An item that the catalogue says nothing of goes by its id. */
async function textsOfItems({ database, signal }: LessonContext, ids: readonly string[]) {
  const texts: string[] = [];
  let untitled = 0;
  for (let start = 0; start < ids.length; start += TEXTS_A_PAGE) {
    refuseCancelled(signal);
    const page = ids.slice(start, start + TEXTS_A_PAGE);
    const known = await itemTexts(database, page);
    for (const id of page) {
      const text = textOf(known.get(id));
      if (text === '') untitled++;
      texts.push(text === '' ? id : text);
    }
  }
  return { texts, untitled };
}

/** Its title, then its attributes as tokens: `Blue Train genre=jazz`. */
function textOf(item: ItemText | undefined): string {
  const tokens = Object.entries(item?.attributes ?? {})
    .filter(([, value]) => value !== null && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => attributeToken(name, String(value)));
  return [item?.title ?? '', ...tokens].join(' ').trim();
}
