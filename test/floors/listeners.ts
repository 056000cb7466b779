/** HetRec Last.fm-2K's listeners, for floors and benchmarks: who listened to which artists, without times. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Histories, HistoryBuilder } from '../../src/training/sequence2vec/histories';

/** @param folder of the data set */
export function listeners(folder: string): Histories {
  const builder = new HistoryBuilder();
  const [, ...lines] = gunzipSync(readFileSync(join(folder, 'user_artists.tsv.gz')))
    .toString()
    .trim()
    .split('\n');
  for (const line of lines) {
    const [userId, itemId] = line.split('\t');
    builder.add({ userId, itemId, occurredAt: new Date(0) });
  }
  return builder.build();
}

/** Names of the artists by id. */
export function artistNames(folder: string): Map<string, string> {
  const [, ...lines] = gunzipSync(readFileSync(join(folder, 'artists.tsv.gz')))
    .toString()
    .trim()
    .split('\n');
  return new Map(lines.map((line) => line.split('\t') as [string, string]));
}
