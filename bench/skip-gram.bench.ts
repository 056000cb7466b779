/**
 * The skip-gram kernel: tokens a second on one core (best of several runs), with the options of the BlogCatalog floor and
 * on text; beside its scalar twin, beside itself with every row in the first-level cache (what arithmetic alone allows),
 * beside gensim where Python has it, and with two threads.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { buildAliasTable } from '../src/training/kernels/alias';
import { Random } from '../src/training/kernels/random';
import { SkipGramKernel } from '../src/training/kernels/skip-gram';
import { fillSigmoidTable, trainScalar } from '../src/training/kernels/skip-gram.scalar';
import { createSkipGram, openTables, type SkipGramShape } from '../src/training/kernels/skip-gram-tables';
import { cutIntoStretches } from '../src/training/sequence2vec/corpus-source';
import { buildVocabulary } from '../src/training/sequence2vec/vocabulary';
import { realData } from '../test/real-data';
import type { Figure } from './figure';
import { gensimWord2VecSpeed, hasGensim } from './peers/gensim-word2vec';
import { skipGramTokensPerSecond } from './skip-gram-speed';

const BENCH = 'skip-gram';
const RUNS = 5;

/** A corpus, and the options with which it is trained on. */
interface Workload {
  name: string;
  /** -1 after each sequence; numbers by falling frequency. On shared memory. */
  tokens: Int32Array;
  frequencies: Uint32Array;
  dimension: number;
  window: number;
}

const NEGATIVES = 5;
const EXPONENT = 0.75;
const LEARNING_RATE = 0.025;
const OPTIONS = { negatives: NEGATIVES, negativeExponent: EXPONENT, learningRate: LEARNING_RATE };

function workload(
  name: string,
  ids: string[],
  tokens: Int32Array,
  rest: { dimension: number; window: number; minCount?: number },
): Workload {
  const vocabulary = buildVocabulary({ ids, tokens }, rest.minCount ?? 1);
  return {
    name,
    tokens: vocabulary.tokens,
    frequencies: vocabulary.frequencies,
    dimension: rest.dimension,
    window: rest.window,
  };
}

/** First-order walks of 80 nodes over BlogCatalog; without the data, walks over a drawn graph of the same size. */
function walks(): Workload {
  const folder = realData('blogcatalog');
  const nodes = 10_312;
  const random = Random.seeded(1);
  const ends = folder
    ? gunzipSync(readFileSync(join(folder, 'edges.csv.gz')))
        .toString()
        .trim()
        .split('\n')
        .slice(1)
        .flatMap((line) => line.split(',').map(Number))
    : Array.from({ length: 2 * 334_000 }, () => Math.floor(nodes * random.fraction() ** 3));
  const neighbours: number[][] = Array.from({ length: nodes }, (_, node) => (folder ? [] : [(node + 1) % nodes]));
  for (let i = 0; i < ends.length; i += 2) {
    neighbours[ends[i]].push(ends[i + 1]);
    neighbours[ends[i + 1]].push(ends[i]);
  }
  const tokens = new Int32Array(5000 * 81).fill(-1);
  for (let walk = 0; walk < 5000; walk++) {
    let node = random.below(nodes);
    for (let step = 0; step < 80; step++) {
      tokens[walk * 81 + step] = node;
      node = neighbours[node][random.below(neighbours[node].length)];
    }
  }
  const name = folder ? 'BlogCatalog walks' : 'walks of a drawn graph';
  return workload(
    `${name}, dimension 128, window 10`,
    Array.from({ length: nodes }, (_, i) => `${i}`),
    tokens,
    { dimension: 128, window: 10 },
  );
}

/** The Brown corpus in lower case, words seen five times or more; undefined without the data. */
function text(): Workload | undefined {
  const folder = realData('text_brown');
  if (!folder) return undefined;
  const numbers = new Map<string, number>();
  const tokens: number[] = [];
  for (const line of gunzipSync(readFileSync(join(folder, 'brown.tsv.gz')))
    .toString()
    .trim()
    .split('\n')
    .slice(1, 20_000)) {
    for (const word of line.split('\t')[2].toLowerCase().split(' ')) {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      tokens.push(number);
    }
    tokens.push(-1);
  }
  return workload('Brown corpus, dimension 100, window 5', [...numbers.keys()], Int32Array.from(tokens), {
    dimension: 100,
    window: 5,
    minCount: 5,
  });
}

const noiseOf = ({ frequencies }: Workload) => Float64Array.from(frequencies, (frequency) => frequency ** EXPONENT);

function shapeOf({ frequencies, dimension, window }: Workload, negativeSharing: number): SkipGramShape {
  return {
    nodes: frequencies.length,
    dimension,
    window,
    negatives: NEGATIVES,
    negativeSharing,
    threads: 1,
    tokenCapacity: 10_000,
  };
}

/** Tokens a second of the best run over the corpus on this thread. */
function kernelSpeed(work: Workload, negativeSharing: number): number {
  const kernel = new SkipGramKernel(
    createSkipGram(shapeOf(work, negativeSharing), { noise: noiseOf(work), seed: 1 }),
    0,
  );
  const stretches = cutIntoStretches(work.tokens, 8000, 10_000);
  let best = 0;
  for (let run = 0; run < RUNS; run++) {
    let trained = 0;
    const startedAt = performance.now();
    for (let i = 1; i < stretches.length; i++) {
      kernel.tokens.set(work.tokens.subarray(stretches[i - 1], stretches[i]));
      kernel.seed(run, i);
      trained += kernel.train(stretches[i] - stretches[i - 1], LEARNING_RATE).tokens;
    }
    best = Math.max(best, (trained / (performance.now() - startedAt)) * 1000);
  }
  return best;
}

/** The same work with so few nodes that both tables stay in the first-level cache. */
function cachedSpeed(work: Workload, negativeSharing: number): number {
  const random = Random.seeded(2);
  const few = 24;
  const tokens = work.tokens.map((token) => (token < 0 ? -1 : random.below(few)));
  return kernelSpeed({ ...work, tokens, frequencies: new Uint32Array(few).fill(1) }, negativeSharing);
}

function scalarSpeed(work: Workload, negativeSharing: number): number {
  const shape = shapeOf(work, negativeSharing);
  const tables = openTables(createSkipGram(shape, { noise: noiseOf(work), seed: 1 }));
  const random = Random.seeded(1).state;
  const twin = { ...shape, ...tables, noise: buildAliasTable(noiseOf(work)), sigmoid: fillSigmoidTable(), random };
  const count = work.tokens.lastIndexOf(-1, 12_000) + 1;
  const startedAt = performance.now();
  trainScalar(twin, work.tokens.subarray(0, count), LEARNING_RATE);
  return (count / (performance.now() - startedAt)) * 1000;
}

export async function* figures(): AsyncIterable<Figure> {
  const onWalks = walks();
  const onText = text();
  const shared = createSkipGram(shapeOf(onWalks, 1), { noise: noiseOf(onWalks), seed: 1 });
  yield compared(
    'memory of the walks’ tables and all else',
    shared.memory.buffer.byteLength,
    'bytes',
    2 * onWalks.frequencies.length * 128 * 4,
  );
  const compare = hasGensim();
  for (const work of onText ? [onWalks, onText] : [onWalks]) {
    const { tokens, dimension, window } = work;
    const gensim = compare
      ? gensimWord2VecSpeed(tokens, { ...OPTIONS, dimension, window, architecture: 'skipgram' })
      : undefined;
    for (const negativeSharing of [1, 2 * work.window]) {
      const sharing = negativeSharing === 1 ? 'negatives of each context' : 'negatives of the window';
      const name = `${work.name}, ${sharing}, one thread (${shared.build} build)`;
      const speed = kernelSpeed(work, negativeSharing);
      yield compared(`${name}; beside the scalar twin`, speed, 'tokens/s', scalarSpeed(work, negativeSharing));
      yield compared(
        `${name}; beside all rows in first-level cache`,
        speed,
        'tokens/s',
        cachedSpeed(work, negativeSharing),
      );
      if (gensim)
        yield compared(
          `${name}; beside gensim ${gensim.version}, one worker`,
          speed,
          'tokens/s',
          gensim.tokensPerSecond,
        );
    }
  }
  if (availableParallelism() < 2) return;
  for (const negativeSharing of [1, 2 * onWalks.window]) {
    const pooled = { ...onWalks, ...OPTIONS, negativeSharing, exponent: EXPONENT };
    const one = await skipGramTokensPerSecond(pooled, 1, 4);
    const two = await skipGramTokensPerSecond(pooled, 2, 8);
    yield compared(
      `${onWalks.name}, sharing ${negativeSharing}, pool of two threads; beside one`,
      two,
      'tokens/s',
      one,
    );
  }
}

function compared(figure: string, value: number, unit: string, peer: number): Figure {
  return { bench: BENCH, figure, value, unit, peer, ratio: value / peer };
}
