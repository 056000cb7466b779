import fc from 'fast-check';
import { packed } from '../../../../src/training/sequence2vec/sasrec/packing';
import type { LearnedSequences } from '../../../../src/training/sequence2vec/sasrec/sequences';

/** Sequences of the lengths given, one after the other, whose things are all different. */
function sequencesOf(lengths: readonly number[]): LearnedSequences {
  const ends = Int32Array.from(lengths, (_, s) => lengths.slice(0, s + 1).reduce((sum, length) => sum + length, 0));
  const total = ends[ends.length - 1];
  return {
    ids: Array.from({ length: total }, (_, i) => `${i}`),
    frequencies: new Uint32Array(total).fill(1),
    tokens: Int32Array.from({ length: total }, (_, i) => i),
    starts: Int32Array.from(ends, (end, s) => end - lengths[s]),
    ends,
    events: total - lengths.length,
    slots: Math.max(...lengths) - 1,
    heldBack: new Int32Array(),
  };
}

const shapes = fc.record({
  lengths: fc.array(fc.integer({ min: 2, max: 9 }), { minLength: 1, maxLength: 40 }),
  rows: fc.integer({ min: 1, max: 3 }),
  steps: fc.integer({ min: 1, max: 4 }),
  spare: fc.integer({ min: 0, max: 5 }),
});

describe('packing', () => {
  it('teaches every step of every sequence once, in its place, each sequence in neighbouring slots of one row', () => {
    fc.assert(
      fc.property(shapes, ({ lengths, rows, steps, spare }) => {
        const sequences = sequencesOf(lengths);
        const slots = sequences.slots + spare;
        const taught = new Set<number>();
        for (const call of packed(sequences, { rows, slots, steps }, Int32Array.from(lengths.keys()).reverse())) {
          expect(call.things.length).toBe(call.events.length * rows * slots);
          call.weights.forEach((weight, at) => {
            if (weight === 0) return;
            const thing = call.things[at];
            const sequence = sequences.ends.findIndex((end) => thing < end);
            expect(call.next[at]).toBe(thing + 1);
            expect(call.positions[at]).toBe(thing - sequences.starts[sequence]);
            // Its start lies in the same row, and holds the sequence's first thing.
            const start = at - call.positions[at];
            expect(Math.floor(start / slots)).toBe(Math.floor(at / slots));
            expect(call.things[start]).toBe(sequences.starts[sequence]);
            expect(taught.has(thing)).toBe(false);
            taught.add(thing);
          });
          call.events.forEach((events, step) => {
            const own = call.weights.subarray(step * rows * slots, (step + 1) * rows * slots);
            expect(own.filter((weight) => weight === 1)).toHaveLength(events);
            expect(events).toBeGreaterThan(0);
          });
        }
        expect(taught.size).toBe(sequences.events);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('leaves fewer slots empty than one sequence a row would', () => {
    const sequences = sequencesOf([3, 3, 9, 3, 3, 3, 3]);
    const [call] = packed(
      sequences,
      { rows: 1, slots: 8, steps: 9 },
      Int32Array.from({ length: 7 }, (_, i) => i),
    );
    expect(call.events).toEqual([4, 8, 8]);
  });
});
