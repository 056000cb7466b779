/** What a fastText model says of texts and sequences that came later, from its artifacts alone. */
import { openEncoder } from '../../../../src/training/encoders';
import { EventSequencesBuilder } from '../../../../src/training/sequence2vec/event-sequences';
import { encoderArtifacts } from '../../../../src/training/sequence2vec/fasttext/encoder';
import { visitSubwords } from '../../../../src/training/sequence2vec/fasttext/subwords';

const SIZES = { minN: 3, maxN: 3, buckets: 2 ** 20 };

/** The buckets of the 3-grams of a word. */
function bucketsOf(word: string): number[] {
  const found: number[] = [];
  visitSubwords(word, SIZES, (bucket) => found.push(bucket));
  return found;
}

/** Two things, and rows for the n-grams <ab, abc and bc>. */
function artifacts(ids = ['one', 'two'], texts = ['Abc', 'xyz']) {
  return encoderArtifacts({
    ...SIZES,
    dimension: 2,
    ids,
    texts,
    vectors: Float32Array.from([1, 2, 3, 4]),
    usedBuckets: Uint32Array.from(bucketsOf('abc')),
    subwordRows: Float32Array.from([10, 0, 20, 0, 60, 3]),
  });
}

function sequencesOf(...things: string[][]) {
  const builder = new EventSequencesBuilder();
  things.forEach((sequence, key) => {
    sequence.forEach((thing, occurredAt) => {
      builder.add({ key: `${key}`, thing, occurredAt });
    });
  });
  return builder.build();
}

test('the text of a thing has its vector, any other the mean of the n-grams that training saw', async () => {
  const encoder = await openEncoder('fasttext', artifacts());
  // abcd has <ab and abc of those; cab has none at all.
  const found = await encoder.text?.(['abc', ' ABC ', 'abcd', 'zzz', '', 'cab']);
  expect([...(found ?? [])]).toEqual([1, 2, 1, 2, 15, 0, 0, 0, 0, 0, 0, 0]);
  // Names of things tell nothing here: a thing called abcd is not the text abcd.
  expect(['one', 'abcd', 'zzz'].map((thing) => encoder.knows(thing))).toEqual([true, false, false]);
  await encoder.close();
});

test('a text that several things have is not taken for one of them', async () => {
  const encoder = await openEncoder('fasttext', artifacts(['one', 'two'], ['abc', 'ABC']));
  expect([...((await encoder.text?.(['abc'])) ?? [])]).toEqual([30, 1]);
});

test('a sequence is the mean of its things; what is not known is left out', async () => {
  const encoder = await openEncoder('fasttext', artifacts());
  const found = await encoder.sequence?.(sequencesOf(['one', 'two', 'abcd'], ['abcd'], ['two']));
  expect([...(found ?? [])]).toEqual([2, 3, 0, 0, 3, 4]);
});

test('where things are called by their texts, an unknown one speaks for itself in a sequence', async () => {
  const encoder = await openEncoder('fasttext', artifacts(['abc', 'xyz']));
  const found = await encoder.sequence?.(sequencesOf(['abcd', 'xyz']));
  expect(['abc', 'abcd', 'zzz'].map((thing) => encoder.knows(thing))).toEqual([true, true, false]);
  expect([...(found ?? [])]).toEqual([9, 2]);
});

test('artifacts that are not whole are refused', async () => {
  const whole = artifacts();
  const corrupt = { code: 'MODEL_CORRUPT', remedy: expect.any(String) };
  for (const name of Object.keys(whole)) {
    const { [name]: bytes, ...rest } = whole;
    await expect(openEncoder('fasttext', rest)).rejects.toMatchObject(corrupt);
    await expect(
      openEncoder('fasttext', { ...rest, [name]: bytes.subarray(0, bytes.length - 3) }),
    ).rejects.toMatchObject(corrupt);
  }
});
