/**
 * Sequences whose order and context matter: "first, second, pause" ends in `up` and "second, first, pause" in `down`; and a
 * shop is visited between things of the day or between things of the night, which never mix.
 */

import { Random } from '../../../../src/training/onnx/random';
import { type EventSequences, EventSequencesBuilder } from '../../../../src/training/sequence2vec/event-sequences';

export function sequencesOf(lists: readonly (readonly string[])[], amounts?: (at: number) => number): EventSequences {
  const builder = new EventSequencesBuilder();
  let event = 0;
  lists.forEach((list, i) => {
    list.forEach((thing, at) => {
      const amount = amounts?.(event++);
      builder.add({ key: `sequence ${i}`, thing, occurredAt: 1000 * at, ...(amount !== undefined && { amount }) });
    });
  });
  return builder.build();
}

export const DAY = ['bakery', 'kiosk', 'school'];
export const NIGHT = ['bar', 'club', 'taxi'];
export const ordered = (upwards: boolean): string[] =>
  upwards ? ['first', 'second', 'pause', 'up'] : ['second', 'first', 'pause', 'down'];

export function worlds(count: number, seed: number): string[][] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    if (i % 2 === 0) return ordered(random.below(2) === 0);
    const world = random.below(2) === 0 ? DAY : NIGHT;
    const any = () => world[random.below(3)];
    return [any(), any(), 'shop', any(), any()];
  });
}
