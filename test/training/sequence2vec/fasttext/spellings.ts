/** A corpus in which what goes together is told by how things are called, for tests of fastText. */
import { Random } from '../../../../src/training/kernels/random';
import type { FastTextData } from '../../../../src/training/sequence2vec/fasttext/fasttext';

/** Two tastes of 12 things each; things of one share the stem of their names, and people with one stray once in ten. */
export const STEMS = ['metallurg', 'operatenor'] as const;
const ENDINGS = ['ica', 'ors', 'eum', 'ade', 'ing', 'ist', 'oma', 'yne', 'ulf', 'ebo', 'int', 'awk'];

export function spellings(sequences = 300, length = 10): FastTextData {
  const random = Random.seeded(5);
  const names = ENDINGS.flatMap((ending) => STEMS.map((stem) => `${stem}${ending}`));
  const tokens: number[] = [];
  for (let sequence = 0; sequence < sequences; sequence++) {
    for (let i = 0; i < length; i++) {
      const taste = random.below(10) === 0 ? 1 - (sequence % 2) : sequence % 2;
      tokens.push(2 * random.below(ENDINGS.length) + taste);
    }
    tokens.push(-1);
  }
  return { corpus: { ids: names.map((_, i) => `thing-${i}`), tokens: Int32Array.from(tokens) }, texts: names };
}

/** Which taste a text or a thing of `spellings` has. */
export const tasteOfThing = (id: string): number => Number(id.split('-')[1]) % 2;

export function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (let d = 0; d < a.length; d++) {
    product += a[d] * b[d];
    squareA += a[d] * a[d];
    squareB += b[d] * b[d];
  }
  return product / Math.sqrt(squareA * squareB);
}
