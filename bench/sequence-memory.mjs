/**
 * Trains a sequence trainer on drawn sequences in the built program, in a background thread as the service does it, and
 * prints the peak of the process and how many events it got through a second. A process of its own, since a peak belongs
 * to a whole process. The whole corpus is in place; a trainer that has not passed over it once in SECONDS is stopped then.
 *   node bench/sequence-memory.mjs TRAINER SEQUENCES EVENTS SECONDS
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { trainInBackground } = require('../dist/training/background.js');
const { Random } = require('../dist/training/kernels/random.js');
const { corpusOfSequences } = require('../dist/training/sequence2vec/event-sequences.js');
const { parseOptions, trainerNamed } = require('../dist/training/trainers.js');

const THINGS = 100_000;
const CHANNELS = ['shop', 'web', 'phone', 'machine'];
/** One pass each, by both cores; sizes and all else as they are by default. */
const OPTIONS = {
  word2vec: { window: 5 },
  doc2vec: { architecture: 'dbow' },
  fasttext: { window: 5 },
  elmo: {},
  sasrec: {},
  coles: {},
};

const [trainer, ...numbers] = process.argv.slice(2);
const [sequences, length, seconds] = numbers.map(Number);
const options = parseOptions(trainerNamed(trainer), { ...OPTIONS[trainer], epochs: 1, threads: 2 });

const corpus = drawCorpus();
const data = dataFor(trainer);
const corpusBytes = bytesOf(corpus) + (data === corpus ? 0 : bytesOf(data.corpus ?? data));

let first;
let last;
const stopping = new AbortController();
const cutShort = await trainInBackground(trainer, data, options, {
  signal: stopping.signal,
  onProgress: ({ done, total }) => {
    last = { at: performance.now(), share: done / total };
    first ??= last;
    if (last.at - first.at > 1000 * seconds) stopping.abort();
  },
}).then(
  () => false,
  (error) => {
    if (error.code !== 'CANCELLED') throw error;
    return true;
  },
);
const trained = (last.share - first.share) * sequences * length;
console.log(
  JSON.stringify({
    peak: 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
    corpus: corpusBytes,
    eventsPerSecond: (1000 * trained) / (last.at - first.at),
    share: last.share,
    cutShort,
  }),
);

/** Things as unevenly wanted as in life; each sequence keeps to a stretch of them, so that there is something to learn. */
function drawCorpus() {
  const random = Random.seeded(1);
  const events = sequences * length;
  const things = new Int32Array(new SharedArrayBuffer(4 * events));
  const times = new Float64Array(new SharedArrayBuffer(8 * events));
  const amounts = new Float32Array(new SharedArrayBuffer(4 * events));
  const codes = new Int32Array(new SharedArrayBuffer(4 * events));
  const offsets = new Int32Array(new SharedArrayBuffer(4 * (sequences + 1)));
  for (let sequence = 0, at = 0; sequence < sequences; sequence++) {
    const taste = random.below(100);
    for (let i = 0; i < length; i++, at++) {
      const rank = Math.floor((THINGS / 100) * random.fraction() ** 3);
      things[at] = rank * 100 + (random.fraction() < 0.8 ? taste : random.below(100));
      times[at] = 1.7e12 + 3.6e6 * (sequence % 1000) + 6e4 * i;
      amounts[at] = 1 + random.below(10_000) / 100;
      codes[at] = random.below(CHANNELS.length);
    }
    offsets[sequence + 1] = at;
  }
  return {
    keys: Array.from({ length: sequences }, (_, sequence) => `session-${sequence}`),
    ids: Array.from({ length: THINGS }, (_, thing) => `thing-${thing}`),
    ...{ offsets, things, times, amounts },
    categories: [{ name: 'channel', values: CHANNELS, codes }],
  };
}

/** What the trainer's lesson would give it. */
function dataFor(name) {
  if (name === 'word2vec') return corpusOfSequences(corpus);
  if (name === 'fasttext') return { corpus: corpusOfSequences(corpus), texts: corpus.ids };
  return corpus;
}

function bytesOf(value) {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum, part) => sum + bytesOf(part), 0);
}
