/**
 * What a text is made of, for fastText (Bojanowski et al. 2017, "Enriching word vectors with subword information"): the
 * character n-grams of its words, hashed into buckets. Attribute tokens such as `genre=jazz` mean something only as a
 * whole, so they are not cut; nor are the words of a text of several words, which count as a whole besides their n-grams.
 * (The only word of a text needs no such token: the row of the thing that has the text says the same.)
 */

export interface SubwordOptions {
  /** Shortest and longest n-gram in code points, boundary marks included. */
  readonly minN: number;
  readonly maxN: number;
  /** Numbers that n-grams are hashed to. */
  readonly buckets: number;
}

/**
 * @param bucket from 0 to buckets - 1
 * @param identity 53 bits by which different n-grams can be told apart even where they share a bucket
 */
export type VisitSubword = (bucket: number, identity: number) => void;

/** Words of a text and code points of a word beyond these are not read: they would cost much and tell little. */
export const MOST_WORDS = 64;
export const MOST_CODE_POINTS = 64;

/** The spelling that texts are compared in: compatibility forms and case do not count, nor does the space between words. */
export function normaliseText(text: string): string {
  // Twice, as what is lower-cased need not be composed any more.
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').trim().replace(/\s+/gu, ' ');
}

/** A property of a thing as one token of its text: `attributeToken('genre', 'Hip Hop')` is `genre=hip_hop`. */
export function attributeToken(name: string, value: string): string {
  return `${normaliseText(name).replaceAll(' ', '_')}=${normaliseText(value).replaceAll(' ', '_')}`;
}

export interface TextPieces {
  /** To be cut into n-grams. */
  readonly words: readonly string[];
  /** To be taken whole. */
  readonly tokens: readonly string[];
}

/** Words lose the punctuation around them; one that is nothing else (a band called !!!) keeps it. */
export function piecesOf(text: string): TextPieces {
  const words: string[] = [];
  const attributes: string[] = [];
  for (const piece of normaliseText(text).split(' ')) {
    if (words.length + attributes.length === MOST_WORDS) break;
    if (piece === '') continue;
    if (/^[^=]+=[^=]/u.test(piece)) attributes.push(piece);
    else words.push(withoutPunctuation([...piece]));
  }
  return { words, tokens: words.length > 1 ? [...words, ...attributes] : attributes };
}

function withoutPunctuation(codePoints: readonly string[]): string {
  let from = 0;
  let to = codePoints.length;
  while (from < to && !/[\p{L}\p{N}]/u.test(codePoints[from])) from++;
  if (from === to) return codePoints.join('');
  while (!/[\p{L}\p{N}\p{M}]/u.test(codePoints[to - 1])) to--;
  return codePoints.slice(from, to).join('');
}

/** Visits every n-gram and every whole token of a text, in their order, repeated ones as often as they occur. */
export function visitSubwords(text: string, options: SubwordOptions, visit: VisitSubword): void {
  const { words, tokens } = piecesOf(text);
  for (const word of words) visitNgrams(word, options, visit);
  for (const token of tokens) {
    const hash = new Hash();
    // No n-gram has this byte, so that a token never means the same as an n-gram.
    hash.add(0);
    for (const byte of encoder.encode(token)) hash.add(byte);
    visit(hash.bucket(options.buckets), hash.identity);
  }
}

const encoder = new TextEncoder();

/** `<jazz>` has the 3-grams `<ja`, `jaz`, `azz`, `zz>`. A boundary mark alone is none. */
function visitNgrams(word: string, { minN, maxN, buckets }: SubwordOptions, visit: VisitSubword): void {
  const marked = ['<', ...[...word].slice(0, MOST_CODE_POINTS), '>'].map((codePoint) => encoder.encode(codePoint));
  for (let from = 0; from < marked.length; from++) {
    // One pass gives the hash of every length.
    const hash = new Hash();
    const longest = Math.min(maxN, marked.length - from);
    for (let length = 1; length <= longest; length++) {
      for (const byte of marked[from + length - 1]) hash.add(byte);
      const isMark = length === 1 && (from === 0 || from === marked.length - 1);
      if (length >= minN && !isMark) visit(hash.bucket(buckets), hash.identity);
    }
  }
}

/** FNV-1a (Fowler, Noll and Vo) over UTF-8 bytes, and beside it a second such hash with another start and factor. */
class Hash {
  #first = 0x811c9dc5;
  #second = 0x2f0b4c47;

  add(byte: number): void {
    this.#first = Math.imul(this.#first ^ byte, 0x01000193);
    this.#second = Math.imul(this.#second ^ byte, 0x5bd1e995);
  }

  bucket(buckets: number): number {
    return (this.#first >>> 0) % buckets;
  }

  get identity(): number {
    return (this.#first >>> 0) * 2 ** 21 + (this.#second >>> 11);
  }
}
