/**
 * What the kernel of bags is asked for: the shape of its tables and of its work, what training starts from, and what of it is
 * refused, since the kernel checks nothing.
 */
import { z } from 'zod';
import { OptionError } from '../../errors';
import type { BagMode, Learns, Parts } from './bags.scalar';
import type { KernelBuild } from './kernel-memory';

/** In the order of the kernel's numbers. */
export const MODES = ['cbow', 'skip-gram', 'dm', 'dm-concatenation', 'dbow'] as const satisfies readonly BagMode[];

/** What the shape of the tables and of the work is. Numbers are whole. */
export interface BagShape {
  readonly mode: BagMode;
  /** Tokens are 0 to things - 1; the output table has a row for each. 1 to 2^31 - 1. */
  readonly things: number;
  /** Rows of the input table that things consist of: at least `things` where they have no parts. @default things */
  readonly rows?: number;
  /** Sequences that have a row: -2 - s among the tokens opens sequence s. @default 0 */
  readonly sequences?: number;
  /** Length of a vector: 1 to 4,096. */
  readonly dimension: number;
  /** Furthest context to either side: 1 to 10,000. The reach is drawn from 1 to this, but for dm-concatenation. */
  readonly window: number;
  /** Negatives drawn for each prediction: 1 to 1,000. */
  readonly negatives: number;
  /** dbow only: whether things learn from each other too, as in skip-gram. @default false */
  readonly trainsThings?: boolean;
  /** What learns; the rest is held still. @default all */
  readonly learns?: Learns;
  /** Threads that will train at the same time: 1 to 256. */
  readonly threads: number;
  /** Tokens, ends and openings included, that a thread takes at most in one call. */
  readonly tokenCapacity: number;
}

export interface BagStart {
  /** Weight of each thing among the negatives. At least 0, one above 0. */
  readonly noise: ArrayLike<number>;
  readonly seed: number;
  /** How often each thing is seen: where several threads train, which rows each has copies of. Without them, none. */
  readonly frequencies?: ArrayLike<number>;
  /** Inputs start uniform in ± this / dimension: word2vec.c has 0.5, gensim 1. @default 0.5 */
  readonly reach?: number;
  /** Rows of each thing, at least one each; undefined where a thing is its own row. Not for dm-concatenation. */
  readonly parts?: Parts;
  /** @default the fastest that the host can run */
  readonly build?: KernelBuild;
}

const wholeNumber = (most: number, least = 1) => z.number().int().min(least).max(most);

const shapeSchema = z.strictObject({
  mode: z.enum(MODES),
  things: wholeNumber(2 ** 31 - 2),
  rows: wholeNumber(2 ** 31 - 2).optional(),
  sequences: wholeNumber(2 ** 31 - 3, 0).default(0),
  dimension: wholeNumber(4096),
  window: wholeNumber(10_000),
  negatives: wholeNumber(1000),
  trainsThings: z.boolean().default(false),
  learns: z
    .strictObject({ things: z.boolean(), outputs: z.boolean(), sequences: z.boolean() })
    .default({ things: true, outputs: true, sequences: true }),
  threads: wholeNumber(256),
  tokenCapacity: wholeNumber(2 ** 28),
});

/** With every default filled in. */
export type WholeShape = Required<BagShape>;

/** @throws OptionError for a shape out of range, and for what does not fit it */
export function checkShape(shape: BagShape, { noise, parts, frequencies }: BagStart): WholeShape {
  const parsed = shapeSchema.safeParse(shape);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new OptionError(issue.path.join('.'), `${issue.path.join('.')}: ${issue.message}.`);
  }
  const whole: WholeShape = { ...parsed.data, rows: parsed.data.rows ?? shape.things };
  const { things, rows, mode } = whole;
  if (noise.length !== things) {
    throw new OptionError('noise', `There are ${noise.length} noise weights for ${things} things.`);
  }
  if (frequencies && frequencies.length !== things) {
    throw new OptionError('frequencies', `There are ${frequencies.length} frequencies for ${things} things.`);
  }
  if (!parts && rows < things) throw new OptionError('rows', `${rows} rows are too few for ${things} things.`);
  if (parts && mode === 'dm-concatenation') {
    throw new OptionError('parts', 'Things that consist of parts cannot be concatenated; take their mean.');
  }
  if (parts) checkParts(parts, things, rows);
  return whole;
}

function checkParts({ offsets, rows: parts }: Parts, things: number, rows: number): void {
  if (offsets.length !== things + 1 || offsets[0] !== 0 || offsets[things] > parts.length) {
    throw new OptionError('parts', `The offsets of the parts do not fit ${things} things with ${parts.length} rows.`);
  }
  for (let thing = 0; thing < things; thing++) {
    if (offsets[thing + 1] <= offsets[thing]) throw new OptionError('parts', `Thing ${thing} has no parts.`);
  }
  for (let i = 0; i < offsets[things]; i++) {
    if (!(parts[i] >= 0 && parts[i] < rows)) {
      throw new OptionError('parts', `Part ${i} is row ${parts[i]}; there are ${rows}.`);
    }
  }
}

/** Rows of the input table: of things or their parts, of sequences, and the one that stands for no context. */
export function inputRows({ rows, sequences }: WholeShape): number {
  return rows + sequences + 1;
}
