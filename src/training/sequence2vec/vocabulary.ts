/**
 * Which things a run learns: those seen often enough, numbered by falling frequency, so that the rows which are wanted
 * most lie together in the cache (and the same corpus gives the same numbers whatever the order of its ids).
 */
import { KindredError } from '../../errors';
import type { SequenceCorpus } from '../corpus';

export interface Vocabulary {
  readonly ids: readonly string[];
  /** How often each was seen. */
  readonly frequencies: Uint32Array;
  /** The corpus in these numbers, -1 after each sequence, without sequences of a single token: those teach nothing. On shared memory. */
  readonly tokens: Int32Array;
  /** Tokens without the ends. */
  readonly tokenCount: number;
  readonly longestSequence: number;
}

/** The things that are learned, without the corpus. */
export interface ChosenThings extends Pick<Vocabulary, 'ids' | 'frequencies'> {
  /** One an id of the corpus: its number here, or -1 where it is not learned. */
  readonly numbers: Int32Array;
}

/** @throws KindredError EMPTY_CORPUS saying which filter left too little */
export function chooseThings(corpus: SequenceCorpus, minCount: number): ChosenThings {
  const counts = countTokens(corpus);
  const order = [...counts.keys()].filter((thing) => counts[thing] >= Math.max(1, minCount));
  order.sort((a, b) => counts[b] - counts[a] || (corpus.ids[a] < corpus.ids[b] ? -1 : 1));
  refuseTooLittle(corpus, counts, order.length, minCount);
  const numbers = new Int32Array(counts.length).fill(-1);
  order.forEach((thing, number) => {
    numbers[thing] = number;
  });
  return {
    ids: order.map((thing) => corpus.ids[thing]),
    frequencies: Uint32Array.from(order, (thing) => counts[thing]),
    numbers,
  };
}

/** @throws KindredError EMPTY_CORPUS saying which filter left too little */
export function buildVocabulary(corpus: SequenceCorpus, minCount: number): Vocabulary {
  const { ids, frequencies, numbers } = chooseThings(corpus, minCount);
  const renumbered = renumber(corpus.tokens, numbers);
  if (renumbered.tokenCount === 0) {
    throw emptyCorpus('Every sequence holds a single token, so nothing goes with anything.', corpus, {
      remedy: 'Sequences need two things that somebody did together: check sessionId, or lower minCount.',
    });
  }
  return { ids, frequencies, ...renumbered };
}

function countTokens({ ids, tokens }: SequenceCorpus): Uint32Array {
  const counts = new Uint32Array(ids.length);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === -1) continue;
    if (!(token >= 0 && token < ids.length)) {
      throw new KindredError('TRAINING_FAILED', `Token ${i} of the corpus is ${token}; there are ${ids.length} ids.`);
    }
    counts[token]++;
  }
  return counts;
}

function refuseTooLittle(corpus: SequenceCorpus, counts: Uint32Array, kept: number, minCount: number): void {
  const seen = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  if (seen === 0) {
    throw emptyCorpus('The corpus is empty.', corpus, {
      remedy: 'Ingest events first (kindred ingest interactions FILE, or transactions), or widen the range of time.',
    });
  }
  if (seen === 1) {
    throw emptyCorpus('The corpus holds a single thing, again and again; nothing can be told apart.', corpus, {
      remedy: 'Learn another field (--set field=…), or ingest events of at least two different things.',
    });
  }
  if (kept < 2) {
    const most = counts.reduce((a, b) => Math.max(a, b), 0);
    throw emptyCorpus(
      `minCount ${minCount} leaves ${kept} of ${seen} things; the commonest was seen ${most} times.`,
      corpus,
      {
        field: 'minCount',
        remedy: `Lower minCount (--set minCount=1 keeps all).`,
      },
    );
  }
}

function emptyCorpus(
  message: string,
  corpus: SequenceCorpus,
  details: { field?: string; remedy: string },
): KindredError {
  return new KindredError('EMPTY_CORPUS', message, {
    ...details,
    facts: { ids: corpus.ids.length, tokens: corpus.tokens.length },
  });
}

function renumber(tokens: Int32Array, numbers: Int32Array) {
  // One end more than there was, for a corpus whose last sequence has none.
  const written = new Int32Array(new SharedArrayBuffer(4 * (tokens.length + 1)));
  let length = 0;
  let start = 0;
  let tokenCount = 0;
  let longestSequence = 0;
  for (let i = 0; i <= tokens.length; i++) {
    const token = i < tokens.length ? tokens[i] : -1;
    if (token >= 0) {
      if (numbers[token] >= 0) written[length++] = numbers[token];
      continue;
    }
    const sequence = length - start;
    if (sequence < 2) length = start;
    else {
      written[length++] = -1;
      tokenCount += sequence;
      longestSequence = Math.max(longestSequence, sequence);
    }
    start = length;
  }
  return { tokens: written.subarray(0, length), tokenCount, longestSequence };
}
