/** Which trainers' models can tell what comes next, and the commands that fill a space with one. */
import { INTERACTION_FIELDS, SEQUENCE_KINDS, TRANSACTION_FIELDS } from '../training/sequence2vec/sequence-options';
import { parseOptions, trainerNamed } from '../training/trainers';
import { lessons } from './learning/lessons';
import { ITEMS_SPACE } from './recommendation';
import { SPACE_NAME } from './training-plan';

export const NEXT_SPACE = 'next_items';
const ELMO_SPACE = 'elmo_items';

/** Those that know order first. */
const TELLING = ['sasrec', 'elmo', 'word2vec'] as const;

/** What to do where no model is live that could answer. @param space that was asked; undefined: the usual ones */
export function howToFill(space?: string): string {
  if (space === undefined || !SPACE_NAME.test(space))
    return (
      `Train one that tells what comes next and promote it: ${commandFor('sasrec', NEXT_SPACE)}, or ` +
      `${commandFor('word2vec', ITEMS_SPACE)}; or ${commandFor('elmo', ELMO_SPACE)} and ask it by its space, ${ELMO_SPACE}.`
    );
  const owner = Object.keys(lessons).find((trainer) => lessons[trainer].owns(space));
  const able = TELLING.filter((trainer) => owner === undefined || owner === trainer);
  if (able.length > 0)
    return `Train one and promote it: ${able.map((trainer) => commandFor(trainer, space)).join(', or ')}.`;
  return `This space is for models of ${owner}, which do not tell what comes next; those of ${TELLING.join(', ')} do: ${commandFor('sasrec', NEXT_SPACE)}.`;
}

/** Sequences and fields as one may give them, the usual ones first. */
const SEQUENCES: readonly Readonly<Record<string, string>>[] = [
  {},
  ...SEQUENCE_KINDS.map((sequences) => ({ sequences })),
  ...SEQUENCE_KINDS.flatMap((sequences) =>
    (sequences === 'accounts' ? TRANSACTION_FIELDS : INTERACTION_FIELDS).map((field) => ({ sequences, field })),
  ),
];

function commandFor(trainer: (typeof TELLING)[number], space: string): string {
  const lesson = lessons[trainer];
  const given = SEQUENCES.find((options) => lesson.space(parseOptions(trainerNamed(trainer), options)) === space);
  // A space of its own that none of these fills is of an attribute, whose name nobody can tell from it.
  const named = lesson.owns(space) ? ' --set field=attributes.NAME' : ` --space ${space}`;
  const set = Object.entries(given ?? {}).map(([option, value]) => ` --set ${option}=${value}`);
  return `kindred train ${trainer}${given ? set.join('') : named} --promote`;
}
