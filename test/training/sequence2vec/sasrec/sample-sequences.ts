/**
 * Sequences in which what comes after `stop` depends on what came before it: ... a-i stop b-i ... A chain that looks at the
 * last thing alone cannot know; a bag of things cannot either, as each sequence has several pairs.
 */
import { Random } from '../../../../src/training/kernels/random';
import { type EventSequences, EventSequencesBuilder } from '../../../../src/training/sequence2vec/event-sequences';
import { sasrec } from '../../../../src/training/sequence2vec/sasrec/sasrec';
import { parseOptions } from '../../../../src/training/trainers';

export const PAIRS = 4;

export function pairedSequences(sequences = 150, seed = 3): EventSequences {
  const random = Random.seeded(seed);
  const builder = new EventSequencesBuilder();
  for (let sequence = 0; sequence < sequences; sequence++) {
    const pairs = 1 + random.below(3);
    const things = Array.from({ length: pairs }, () => random.below(PAIRS)).flatMap((i) => [`a${i}`, 'stop', `b${i}`]);
    for (const [at, thing] of things.entries())
      builder.add({ key: `s${sequence}`, thing, occurredAt: 100 * sequence + at });
  }
  return builder.build();
}

export function sequencesFrom(lists: readonly (readonly string[])[]): EventSequences {
  const builder = new EventSequencesBuilder();
  for (const [number, things] of lists.entries())
    for (const [at, thing] of things.entries())
      builder.add({ key: `s${number}`, thing, occurredAt: 1000 * number + at });
  return builder.build();
}

export const SMALL = {
  dimension: 16,
  blocks: 1,
  dropout: 0.1,
  epochs: 30,
  batchSize: 64,
  learningRate: 0.01,
  maxLength: 8,
};
export const options = (given: Record<string, unknown> = {}) => parseOptions(sasrec, { ...SMALL, ...given });
