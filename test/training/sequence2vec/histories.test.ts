import fc from 'fast-check';
import { leaveOneOut } from '../../../src/training/evaluation/leave-one-out';
import { Random } from '../../../src/training/kernels/random';
import { cutIntoStretches, keepChances, openTokenSource } from '../../../src/training/sequence2vec/corpus-source';
import { corpusOf, HistoryBuilder } from '../../../src/training/sequence2vec/histories';

const at = (day: number) => new Date(Date.UTC(2020, 0, day));

function build(events: readonly (readonly [user: string, item: string, day: number, session?: string])[]) {
  const builder = new HistoryBuilder();
  for (const [userId, itemId, day, sessionId] of events)
    builder.add({ userId, itemId, occurredAt: at(day), sessionId });
  return builder.build();
}

/** Sequences by name. */
function sequences(histories: ReturnType<typeof build>): string[] {
  const { ids, tokens } = corpusOf(histories);
  return [...tokens]
    .map((token) => (token < 0 ? '|' : ids[token]))
    .join('')
    .split('|')
    .slice(0, -1);
}

describe('histories', () => {
  test('put events in the order of their times, whatever the order in which they came', () => {
    const histories = build([
      ['u', 'c', 3],
      ['v', 'a', 1],
      ['u', 'a', 1],
      ['u', 'b', 2],
      ['v', 'c', 2],
    ]);
    expect(sequences(histories)).toEqual(['abc', 'ac']);
  });

  test('become one sequence a session where sessions are named, and one a user where they are not', () => {
    const histories = build([
      ['u', 'a', 1, 'x'],
      ['u', 'b', 2, 'x'],
      ['u', 'c', 3, 'y'],
      ['u', 'd', 4, 'y'],
      // Another user's session of the same name is another session.
      ['v', 'a', 1, 'y'],
      ['v', 'd', 2],
      ['v', 'e', 3],
    ]);
    expect(sequences(histories)).toEqual(['ab', 'cd', 'a', 'de']);
  });

  test('stay whole where sessions overlap in time', () => {
    const histories = build([
      ['u', 'a', 1, 'phone'],
      ['u', 'b', 2, 'laptop'],
      ['u', 'c', 3],
      ['u', 'd', 4, 'phone'],
      ['u', 'e', 5, 'laptop'],
      ['u', 'f', 6],
    ]);
    expect(sequences(histories)).toEqual(['ad', 'be', 'cf']);
  });

  test('are, in any tangle, those of each user and session, each in the order of its times', () => {
    const event = fc.tuple(
      fc.constantFrom('u', 'v', 'w'),
      fc.constantFrom(...'abcdef'),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom('x', 'y', 'z', undefined),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const wanted = new Map<string, string>();
        for (const [user, item, , session] of [...events].sort((a, b) => a[2] - b[2])) {
          const key = JSON.stringify([user, session]);
          wanted.set(key, (wanted.get(key) ?? '') + item);
        }
        expect(sequences(build(events)).sort()).toEqual([...wanted.values()].sort());
      }),
    );
  });

  test('grow as large as need be', () => {
    const events = Array.from({ length: 5000 }, (_, i) => [`u${i % 7}`, `i${i % 11}`, i] as const);
    const histories = build(events);
    expect(histories.items).toHaveLength(5000);
    expect([...histories.offsets].at(-1)).toBe(5000);
  });
});

describe('leave one out', () => {
  test('hides the newest item with all its events, and nobody’s only item', () => {
    const histories = build([
      ['u', 'a', 1],
      ['u', 'b', 2],
      ['u', 'c', 3],
      ['u', 'b', 4],
      ['v', 'a', 1],
      ['v', 'a', 2],
    ]);
    const { train, hidden } = leaveOneOut(histories, 1);
    expect([...hidden].map((item) => histories.itemIds[item])).toEqual(['b', undefined]);
    expect(sequences(train)).toEqual(['ac', 'aa']);
  });

  test('draws among items whose newest times tie: by the seed, and fairly', () => {
    const histories = build(
      Array.from({ length: 900 }, (_, i) => [`u${i % 300}`, `item${Math.floor(i / 300)}`, 1] as const),
    );
    const counts = [0, 0, 0];
    for (const item of leaveOneOut(histories, 5).hidden) counts[item]++;
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(30);
    expect(leaveOneOut(histories, 5).hidden).toEqual(leaveOneOut(histories, 5).hidden);
    expect(leaveOneOut(histories, 6).hidden).not.toEqual(leaveOneOut(histories, 5).hidden);
  });
});

describe('the corpus source', () => {
  test('cuts a corpus into stretches that hold every token once and end where sequences end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 30 }),
        (drawn, target) => {
          const tokens = Int32Array.from([...drawn, -1]);
          const stretches = cutIntoStretches(tokens, target, 1000);
          expect(stretches[0]).toBe(0);
          expect(stretches.at(-1)).toBe(tokens.length);
          for (let i = 1; i < stretches.length; i++) {
            expect(stretches[i]).toBeGreaterThan(stretches[i - 1]);
            expect(tokens[stretches[i] - 1]).toBe(-1);
          }
        },
      ),
    );
  });

  test('cuts a sequence only where it is longer than the longest stretch', () => {
    const tokens = new Int32Array(25);
    tokens[24] = -1;
    expect([...cutIntoStretches(tokens, 5, 10)]).toEqual([0, 10, 20, 25]);
  });

  test('gives each stretch once an epoch, in another order each time', () => {
    const tokens = Int32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? i / 2 : -1));
    const stretches = Int32Array.from({ length: 21 }, (_, i) => 2 * i);
    const source = openTokenSource({ tokens, stretches, seed: 1 });
    const written = new Int32Array(2);
    const epochs = [0, 1].map((epoch) =>
      Array.from({ length: 20 }, (_, i) => {
        expect(source.fill(epoch * 20 + i, written, Random.seeded(1))).toBe(2);
        return written[0];
      }),
    );
    for (const epoch of epochs)
      expect([...epoch].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  test('leaves out frequent tokens as often as word2vec.c does, and never the end of a sequence', () => {
    const frequencies = Uint32Array.from([9000, 1000]);
    const keep = keepChances(frequencies, 10_000, 0.1);
    expect(keep[0]).toBeCloseTo(Math.sqrt(0.1 / 0.9) + 0.1 / 0.9, 6);
    expect(keep[1]).toBe(1);
    const tokens = Int32Array.from({ length: 10_001 }, (_, i) => (i === 10_000 ? -1 : 0));
    const source = openTokenSource({ tokens, stretches: Int32Array.from([0, 10_001]), seed: 1, keep });
    const written = new Int32Array(10_001);
    const count = source.fill(0, written, Random.seeded(2));
    expect(Math.abs(count - 1 - 10_000 * keep[0])).toBeLessThan(150);
    expect(written[count - 1]).toBe(-1);
  });
});
