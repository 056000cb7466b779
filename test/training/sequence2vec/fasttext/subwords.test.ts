/** Texts cut into n-grams and tokens: by hand, by the published hash, and for any text that there may be. */
import fc from 'fast-check';
import {
  attributeToken,
  normaliseText,
  piecesOf,
  type SubwordOptions,
  visitSubwords,
} from '../../../../src/training/sequence2vec/fasttext/subwords';

const USUAL: SubwordOptions = { minN: 3, maxN: 6, buckets: 2 ** 24 };

function bucketsOf(text: string, options: Partial<SubwordOptions> = {}): number[] {
  const found: number[] = [];
  visitSubwords(text, { ...USUAL, ...options }, (bucket) => found.push(bucket));
  return found;
}

/** FNV-1a of 32 bits as its authors give it, in whole numbers that cannot overflow. */
function fnv1a(bytes: Iterable<number>): bigint {
  let hash = 2166136261n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 16777619n) % 2n ** 32n;
  return hash;
}
const bucketOf = (subword: string, buckets = 2 ** 24) => Number(fnv1a(Buffer.from(subword)) % BigInt(buckets));

test('a word is cut into the n-grams of the word between its marks, each hashed by FNV-1a', () => {
  expect(bucketsOf('jazz', { maxN: 3 })).toEqual(['<ja', 'jaz', 'azz', 'zz>'].map((subword) => bucketOf(subword)));
  expect(bucketsOf('ab', { minN: 1, maxN: 9 })).toEqual(
    ['<a', '<ab', '<ab>', 'a', 'ab', 'ab>', 'b', 'b>'].map((subword) => bucketOf(subword)),
  );
  expect(bucketsOf('ab', { minN: 5 })).toEqual([]);
  // The published test values of the hash itself.
  expect(fnv1a(Buffer.from('a'))).toBe(0xe40c292cn);
  expect(fnv1a(Buffer.from('foobar'))).toBe(0xbf9cf968n);
});

test('lengths are counted in code points, not in halves of them', () => {
  expect(bucketsOf('𐍈é', { minN: 2, maxN: 2 })).toEqual(['<𐍈', '𐍈é', 'é>'].map((subword) => bucketOf(subword)));
});

test('case, compatibility forms and space do not count', () => {
  expect(normaliseText('  Ｂjo\u0308rk \n LIVE ')).toBe('björk live');
  expect(bucketsOf('BJÖRK')).toEqual(bucketsOf('bjo\u0308rk'));
});

test('words lose the punctuation around them unless they are nothing else', () => {
  expect(piecesOf("Guns N' Roses (live), o'clock").words).toEqual(['guns', 'n', 'roses', 'live', "o'clock"]);
  expect(piecesOf('!!!').words).toEqual(['!!!']);
  expect(piecesOf(' ').words).toEqual([]);
});

test('attribute tokens are one hash each, and so are the words of a text of several words', () => {
  expect(attributeToken('genre', 'Hip Hop')).toBe('genre=hip_hop');
  expect(piecesOf('Jazz genre=hip_hop')).toEqual({ words: ['jazz'], tokens: ['genre=hip_hop'] });
  expect(piecesOf('Free Jazz mood=calm')).toEqual({ words: ['free', 'jazz'], tokens: ['free', 'jazz', 'mood=calm'] });
  expect(bucketsOf('genre=jazz')).toEqual([bucketOf('\0genre=jazz')]);
  expect(bucketsOf('ab genre=jazz')).toEqual([...bucketsOf('ab'), ...bucketsOf('genre=jazz')]);
  // As a word it is another thing than as an n-gram.
  expect(bucketsOf('ab cd', { minN: 4, maxN: 4 })).toEqual(['<ab>', '<cd>', '\0ab', '\0cd'].map((s) => bucketOf(s)));
});

test('any text gives buckets in range, the same ones each time, whatever is in it', () => {
  const sizes = fc.record({
    minN: fc.integer({ min: 1, max: 4 }),
    more: fc.integer({ min: 0, max: 4 }),
    buckets: fc.integer({ min: 1, max: 2 ** 24 }),
  });
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), sizes, (text, { minN, more, buckets }) => {
      const options = { minN, maxN: minN + more, buckets };
      const found = bucketsOf(text, options);
      expect(found.every((bucket) => Number.isInteger(bucket) && bucket >= 0 && bucket < buckets)).toBe(true);
      expect(bucketsOf(text, options)).toEqual(found);
      expect(normaliseText(normaliseText(text))).toBe(normaliseText(text));
    }),
    { numRuns: 50 },
  );
});

test('n-grams that share a bucket are still told apart', () => {
  const identities = new Set<number>();
  visitSubwords('abcdefghij', { minN: 3, maxN: 3, buckets: 1 }, (bucket, identity) => {
    expect(bucket).toBe(0);
    identities.add(identity);
  });
  expect(identities.size).toBe(10);
});

test('a very long text is read up to a bound', () => {
  expect(bucketsOf('word '.repeat(10_000)).length).toBeLessThan(64 * 20);
  expect(bucketsOf('x'.repeat(100_000)).length).toBeLessThan(64 * 4 + 8);
  expect(bucketsOf('!'.repeat(100_000)).length).toBeGreaterThan(0);
});
