/**
 * A million sequences of 20 events: the most memory that each sequence trainer takes, beside what the corpus itself takes
 * (the columns, without names), and how many events it gets through a second. Each in a process of its own.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figure } from './figure';

const TRAINERS = ['word2vec', 'doc2vec', 'fasttext', 'elmo', 'sasrec', 'coles'];
const SEQUENCES = 1_000_000;
const EVENTS = 20;
/** A trainer that takes longer for one pass is stopped then: what it holds by that time, it holds to the end of the pass. */
const SECONDS = 45;

const MEGABYTE = 1e6;

interface Measured {
  peak: number;
  corpus: number;
  eventsPerSecond: number;
  /** Of one pass over the corpus. */
  share: number;
}

export async function* figures(): AsyncIterable<Figure> {
  // Only Linux tells the peak of a process.
  if (process.platform !== 'linux') return;
  for (const trainer of TRAINERS) {
    const { peak, corpus, eventsPerSecond, share } = await measure(trainer);
    const bench = 'sequence-memory';
    const of = `${trainer}, 1 M sequences of 20 events, ${share === 1 ? 'one pass' : `${(100 * share).toFixed(0)} % of one pass`}`;
    yield {
      ...{ bench, figure: `${of}: peak memory beside the corpus`, value: peak / MEGABYTE, unit: 'MB' },
      ...{ peer: corpus / MEGABYTE, ratio: peak / corpus },
    };
    yield { bench, figure: `${of}: events a second, two threads`, value: eventsPerSecond, unit: 'events/s' };
  }
}

async function measure(trainer: string): Promise<Measured> {
  const script = join(__dirname, 'sequence-memory.mjs');
  const args = [script, trainer, String(SEQUENCES), String(EVENTS), String(SECONDS)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
