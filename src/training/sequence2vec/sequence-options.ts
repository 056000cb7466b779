/**
 * The options that say which sequences a trainer learns from, alike for all sequence trainers: whose events make one
 * sequence, and what of an event is the thing. What reads the store (services/learning) follows them.
 */
import { z } from 'zod';
import { OptionError } from '../../errors';

/** `sessions`: interactions by session, else by user. `users`: all of a user's. `accounts`: an account's transactions. */
export const SEQUENCE_KINDS = ['sessions', 'users', 'accounts'] as const;
export type SequenceKind = (typeof SEQUENCE_KINDS)[number];

export interface SequenceOptions {
  sequences: SequenceKind;
  field: string;
  amountBins: number;
}

/** @param usual whose events make a sequence by default */
export const sequenceOptions = (usual: SequenceKind) => ({
  sequences: z
    .enum(SEQUENCE_KINDS)
    .default(usual)
    .describe(
      "What one sequence is: a session's interactions (a user's, where events name no session), all of a user's, or an account's transactions.",
    ),
  field: z
    .string()
    .regex(/^[A-Za-z][\w.]{0,79}$/)
    .meta({ title: 'name of at most 80 letters, digits, _ and dots, a letter first' })
    .default('auto')
    .describe(
      'What of an event is learned: itemId or action of interactions; merchantId, category, channel, country or currency of transactions; attributes.NAME of the item or the transaction. auto: itemId or merchantId.',
    ),
  amountBins: z
    .number()
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe(
      'Above 1, a thing is told apart by its amount too: amounts are cut into this many bins of equal size. Transactions only; 0 leaves amounts out.',
    ),
});

/** Fields of an event that can be its thing; `attributes.NAME` besides. */
export const INTERACTION_FIELDS = ['itemId', 'action'] as const;
export const TRANSACTION_FIELDS = ['merchantId', 'category', 'channel', 'country', 'currency'] as const;

/** The field that `auto` means. */
export function fieldOf({ sequences, field }: Pick<SequenceOptions, 'sequences' | 'field'>): string {
  if (field !== 'auto') return field;
  return sequences === 'accounts' ? 'merchantId' : 'itemId';
}

/** @throws OptionError for options that contradict each other */
export function checkSequenceOptions(options: SequenceOptions): void {
  const field = fieldOf(options);
  const known: readonly string[] = options.sequences === 'accounts' ? TRANSACTION_FIELDS : INTERACTION_FIELDS;
  if (!known.includes(field) && !/^attributes\../.test(field))
    throw new OptionError('field', `Sequences of ${options.sequences} have no field "${field}".`, {
      remedy: `Choose one of: ${known.join(', ')}, attributes.NAME; or other sequences.`,
    });
  if (options.amountBins > 0 && options.sequences !== 'accounts')
    throw new OptionError('amountBins', 'Only transactions have amounts to cut into bins.', {
      remedy: 'Set sequences=accounts, or leave amountBins out.',
    });
  if (options.amountBins === 1)
    throw new OptionError('amountBins', 'One bin tells nothing apart.', {
      remedy: 'Give 2 or more, or leave amountBins out.',
    });
}
