/** Beauty's purchases and MSNBC's page views as event sequences, for floors and benchmarks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type EventSequences, EventSequencesBuilder } from '../../src/training/sequence2vec/event-sequences';

/** One sequence a user, in the order of time; the data has no times beside that order. */
export function beautyPurchases(folder: string): EventSequences {
  const builder = new EventSequencesBuilder();
  const [, ...lines] = linesOf(join(folder, 'sequences.csv.gz'));
  for (const line of lines) {
    const [key, items] = line.split(',');
    items.split(' ').forEach((thing, occurredAt) => {
      builder.add({ key, thing, occurredAt });
    });
  }
  return builder.build();
}

/** @param sessions of those with two page views or more, the first so many */
export function newsSessions(folder: string, sessions = Number.POSITIVE_INFINITY): EventSequences {
  const builder = new EventSequencesBuilder();
  let taken = 0;
  for (const [number, line] of linesOf(join(folder, 'sequences.txt.gz')).entries()) {
    const pages = line.trim().split(' ');
    if (line.startsWith('#') || pages.length < 2) continue;
    if (taken++ >= sessions) break;
    // Sessions one after the other; the data has the order of their page views, and no times.
    for (const [at, thing] of pages.entries()) builder.add({ key: `${number}`, thing, occurredAt: number * 1e5 + at });
  }
  return builder.build();
}

function linesOf(file: string): string[] {
  return gunzipSync(readFileSync(file)).toString().trim().split('\n');
}

/** Sequences `from` to `to` - 1, their things in the same numbers. */
export function sequencesBetween(sequences: EventSequences, from: number, to: number): EventSequences {
  const { offsets, things, times } = sequences;
  const [start, end] = [offsets[from], offsets[to]];
  return {
    keys: sequences.keys.slice(from, to),
    ids: sequences.ids,
    offsets: offsets.slice(from, to + 1).map((offset) => offset - start),
    things: things.slice(start, end),
    times: times.slice(start, end),
    categories: [],
  };
}
