/** Where the vectors of sequence trainers go unless a run names another space: what they are of says it. */
import { z } from 'zod';
import {
  checkSequenceOptions,
  fieldOf,
  type SequenceOptions,
  sequenceOptions,
} from '../../training/sequence2vec/sequence-options';
import type { Lesson } from './lesson';

type Spaces = Pick<Lesson, 'space' | 'owns'>;

const schema = z.object(sequenceOptions('sessions'));

/**
 * What a trainer's options say about sequences; models of before those options have the usual ones.
 * @throws OptionError for options that contradict each other
 */
export function sequenceOptionsOf(options: Readonly<Record<string, unknown>>): SequenceOptions {
  const parsed = schema.parse(options);
  checkSequenceOptions(parsed);
  return parsed;
}

const NAMES: Readonly<Record<string, string>> = { itemId: 'items', merchantId: 'merchants' };

/** Of the things that sequences are of: `items`, `merchants`, `category`, `attributes_genre`. */
function thingsOf(options: Readonly<Record<string, unknown>>): string {
  const field = fieldOf(sequenceOptionsOf(options));
  return NAMES[field] ?? field.toLowerCase().replace(/[^a-z0-9_]/g, '_');
}

/** word2vec's: the things themselves. */
export const spacesOfThings: Spaces = {
  space: thingsOf,
  owns: (space) => /^(items|merchants|action|category|channel|country|currency|attributes_\w+)$/.test(space),
};

/** Vectors of things that a trainer has beside word2vec's: `fasttext_items`. */
export function thingsBy(prefix: string): Spaces {
  return { space: (options) => `${prefix}_${thingsOf(options)}`, owns: (space) => space.startsWith(`${prefix}_`) };
}

/** Vectors of whole sequences: `doc2vec_accounts`. */
export function sequencesBy(prefix: string): Spaces {
  return {
    space: (options) => `${prefix}_${sequenceOptionsOf(options).sequences}`,
    owns: (space) => space.startsWith(`${prefix}_`),
  };
}

/** One space, whatever the options. */
export function spaceCalled(name: string): Spaces {
  return { space: () => name, owns: (space) => space === name };
}
