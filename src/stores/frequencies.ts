/** How often the things of a version were seen, and the vectors of some of them. */

import type { Queryable } from './database';
import type { FrequencyRange } from './ranking';

/** More often than anything can have been seen. */
const BEYOND = 2 ** 32;

/** Things of one band of popularity. */
export interface FrequencyBand extends FrequencyRange {
  things: number;
}

/**
 * Cuts a version's things, the most frequent first, where they make up each share of all events. The cut falls between two
 * frequencies, so that things which were seen equally often are in one band; a band may be empty.
 * @param shares rising, between 0 and 1: [1/3, 2/3] makes three bands
 * @returns one band more than there are shares, the most frequent first
 */
export async function frequencyBands(
  on: Queryable,
  table: string,
  shares: readonly number[],
): Promise<FrequencyBand[]> {
  const { rows } = await on.query<{ band: number; least: number; things: number }>(
    `SELECT band, min(frequency) AS least, sum(things)::float8 AS things FROM (
       SELECT frequency, things, (SELECT count(*) FROM unnest($1::float8[]) s(share) WHERE share * total <= before)::int AS band FROM (
         SELECT frequency, things, sum(frequency * things) OVER (ORDER BY frequency DESC) - frequency * things AS before,
           sum(frequency * things) OVER () AS total
         FROM (SELECT frequency::float8 AS frequency, count(*)::float8 AS things FROM ${table} GROUP BY 1) f
       ) c
     ) b GROUP BY band ORDER BY band`,
    [shares],
  );
  const bands: FrequencyBand[] = [];
  let below: number | undefined;
  for (let band = 0; band <= shares.length; band++) {
    const found = rows.find((row) => row.band === band);
    // An empty band holds nothing: it begins where it ends.
    const from = found?.least ?? below ?? BEYOND;
    bands.push({ from: band === shares.length ? 0 : from, below, things: found?.things ?? 0 });
    below = from;
  }
  return bands;
}

export interface StoredVector {
  id: string;
  frequency: number;
  /** (dimension) */
  vector: Float32Array;
}

/** The input vectors of those of `ids` that have one, in no order. */
export async function findVectors(on: Queryable, table: string, ids: readonly string[]): Promise<StoredVector[]> {
  const { rows } = await on.query<{ id: string; frequency: number; input: string }>(
    `SELECT id, frequency, input::text AS input FROM ${table} WHERE id = ANY($1::text[])`,
    [ids],
  );
  return rows.map(({ id, frequency, input }) => ({ id, frequency, vector: Float32Array.from(JSON.parse(input)) }));
}
