/**
 * The trainers by name. To add one: write a `Trainer` (trainer.ts) in a folder of its own and add it to `ALL`; the
 * command line, GraphQL and background training find it here, with its options and their defaults.
 */
import type { z } from 'zod';
import { KindredError, OptionError } from '../errors';
import { autoencoder } from './autoencoder/trainer';
import { node2vec } from './node2vec/node2vec';
import { describeOptions } from './option-descriptions';
import { coles } from './sequence2vec/coles/coles';
import { doc2vec } from './sequence2vec/doc2vec/doc2vec';
import { elmo } from './sequence2vec/elmo/elmo';
import { fasttext } from './sequence2vec/fasttext/fasttext';
import { pooling } from './sequence2vec/pooling/pooling';
import { sasrec } from './sequence2vec/sasrec/sasrec';
import { word2vec } from './sequence2vec/word2vec';
import type { Trainer, TrainingContext } from './trainer';

// biome-ignore lint/suspicious/noExplicitAny: what a trainer takes and gives is its own; whoever names one knows
export type AnyTrainer = Trainer<any, any, any>;

const ALL: readonly AnyTrainer[] = [word2vec, doc2vec, fasttext, pooling, elmo, coles, sasrec, node2vec, autoencoder];

export const trainers: Readonly<Record<string, AnyTrainer>> = Object.freeze(
  Object.fromEntries(ALL.map((trainer) => [trainer.name, trainer])),
);

/** @throws KindredError BAD_USER_INPUT listing the names that there are */
export function trainerNamed(name: string): AnyTrainer {
  // Object.hasOwn, so that "constructor" is not taken for a trainer.
  if (Object.hasOwn(trainers, name)) return trainers[name];
  throw new KindredError('BAD_USER_INPUT', `There is no trainer called "${name}".`, {
    field: 'trainer',
    remedy: `Choose one of: ${Object.keys(trainers).join(', ')}.`,
  });
}

export type OptionValue = string | number | boolean | readonly unknown[] | null;

/**
 * Validates options and fills in the defaults. Strings, as the command line gives them (`--set window=10`), become what
 * the option wants: numbers, true or false, lists in JSON or separated by commas.
 * @throws OptionError naming the first option at fault
 */
export function parseOptions<Options>(
  trainer: Pick<Trainer<Options, never, unknown>, 'name' | 'options'>,
  given: Readonly<Record<string, unknown>> = {},
): Readonly<Options> {
  const coerced = Object.fromEntries(
    Object.entries(given).map(([option, value]) => [
      option,
      typeof value === 'string' ? fromText(trainer.options, option, value) : value,
    ]),
  );
  const parsed = trainer.options.safeParse(coerced);
  if (parsed.success) return Object.freeze(parsed.data);
  throw optionError(trainer, given, parsed.error.issues[0]);
}

/** The reading of a text that the option accepts: the text itself for names, else what it spells. */
function fromText(options: z.ZodType, option: string, text: string): unknown {
  const accepts = (value: unknown) => {
    const parsed = options.safeParse({ [option]: value });
    return parsed.success || !parsed.error.issues.some((issue) => issue.path[0] === option);
  };
  const readings = readingsOf(text);
  // What no reading fits is given on as it spells best, so that the complaint is about the number, not about a string.
  return readings.find(accepts) ?? readings[0];
}

function readingsOf(text: string): unknown[] {
  const trimmed = text.trim();
  const readings: unknown[] = [];
  if (trimmed !== '' && Number.isFinite(Number(trimmed))) readings.push(Number(trimmed));
  if (trimmed === 'true' || trimmed === 'false') readings.push(trimmed === 'true');
  if (trimmed.startsWith('[')) {
    try {
      readings.push(JSON.parse(trimmed));
    } catch {
      // Not JSON after all: the readings below stand, and the option says what it wants.
    }
  }
  readings.push(text);
  readings.push(trimmed.split(',').map((part) => (Number.isFinite(Number(part)) ? Number(part) : part.trim())));
  return readings;
}

function optionError(
  { name, options }: Pick<AnyTrainer, 'name' | 'options'>,
  given: Readonly<Record<string, unknown>>,
  issue: z.core.$ZodIssue,
): OptionError {
  const described = describeOptions(options);
  if (issue.code === 'unrecognized_keys') {
    const [unknown] = issue.keys;
    return new OptionError(unknown, `${name} has no option "${unknown}".`, {
      remedy: `Its options: ${described.map((option) => option.name).join(', ')}. Their meaning: kindred train ${name} --help`,
    });
  }
  const option = String(issue.path[0] ?? 'options');
  const { type, default: usual } = described.find((each) => each.name === option) ?? {};
  // What every whole number is held to is no part of an option's own range.
  const bound =
    issue.code === 'too_big' && issue.maximum === Number.MAX_SAFE_INTEGER ? `, at most ${issue.maximum}` : '';
  return new OptionError(
    option,
    `${name} option ${option} cannot be ${shown(given[option])}. It takes: ${type}${bound}.`,
    {
      remedy: `Leave it out to have the default${usual === undefined ? '' : ` (${usual})`}, or see: kindred train ${name} --help`,
      facts: { given: given[option] },
    },
  );
}

const MOST_SHOWN = 100;

/** Numbers as they were typed, other texts in quotes. */
function shown(value: unknown): string {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^[+-]?\.?\d[\d.e+-]*$/i.test(value));
  const text = isNumber ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)} …` : text;
}

/** Trains by name; what `background.ts` calls in its thread. */
export async function trainNamed(name: string, data: unknown, options: unknown, context: TrainingContext) {
  return trainerNamed(name).train(data, options, context);
}
