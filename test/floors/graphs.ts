/** The graphs of the floors, read from their files as they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { EdgeList } from '../../src/training/graph/edge-list';

/** Fields of each line after the header; CSV or TSV without quotes, gzip. */
export function readRows(folder: string, file: string): string[][] {
  const [, ...lines] = gunzipSync(readFileSync(join(folder, file)))
    .toString()
    .trim()
    .split('\n');
  return lines.map((line) => line.trim().split(/[,\t]/));
}

/** The ties of a folder that has one file of edges, or of friends. */
export function readEdges(folder: string): EdgeList {
  const file = readdirSync(folder).find((name) => /edges|friends/.test(name));
  const numbers = new Map<string, number>();
  const numberOf = (id: string) => {
    const known = numbers.get(id) ?? numbers.size;
    numbers.set(id, known);
    return known;
  };
  const ends = readRows(folder, file!).map(([source, target]) => [numberOf(source), numberOf(target)]);
  return {
    ids: [...numbers.keys()],
    sources: Int32Array.from(ends, ([source]) => source),
    targets: Int32Array.from(ends, ([, target]) => target),
  };
}

/** The groups of each of `ids` on BlogCatalog. */
export function readLabels(folder: string, ids: readonly string[]): number[][] {
  const rows = new Map(ids.map((id, row) => [id, row]));
  const labels: number[][] = ids.map(() => []);
  for (const [node, label] of readRows(folder, 'labels.csv.gz')) {
    const row = rows.get(node);
    if (row !== undefined) labels[row].push(Number(label));
  }
  return labels;
}

export const BLOGCATALOG_GROUPS = 39;

/** The options that the figures published for BlogCatalog were reached with, and two epochs. */
export const BLOGCATALOG_OPTIONS = {
  dimension: 128,
  window: 10,
  walksPerNode: 10,
  walkLength: 80,
  p: 0.25,
  q: 0.25,
  epochs: 2,
  seed: 1,
} as const;
