/**
 * The most memory that `kindred ingest` takes for a file of 1 GB, in a process of its own on the embedded store (where the
 * database is part of the process), as Linux counts it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure';

const FILE_BYTES = 2 ** 30;
/** Of each row, so that a gigabyte is a million rows. */
const TITLE_BYTES = 950;
const LIMIT_MEGABYTES = 500;

export async function* figures(): AsyncIterable<Figure> {
  // Only Linux tells the peak of a process that still runs.
  if (process.platform !== 'linux') return;
  const folder = mkdtempSync(join(tmpdir(), 'kindred-bench-'));
  try {
    const file = join(folder, 'items.csv');
    await writeItems(file);
    const value = await peakMegabytes(file, join(folder, 'store'));
    const figure = 'peak memory of ingesting 1 GB of items, beside the limit';
    yield { bench: 'ingest-memory', figure, value, unit: 'MB', peer: LIMIT_MEGABYTES, ratio: value / LIMIT_MEGABYTES };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeItems(file: string): Promise<void> {
  const out = createWriteStream(file);
  out.write('itemId,title\n');
  const title = 'a long title '.repeat(TITLE_BYTES / 13);
  for (let row = 0, bytes = 0; bytes < FILE_BYTES; row += 1_000) {
    const lines = Array.from({ length: 1_000 }, (_, i) => `item-${row + i},${title}${row + i}\n`).join('');
    bytes += lines.length;
    if (!out.write(lines)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

async function peakMegabytes(file: string, dataDir: string): Promise<number> {
  const kindred = join(__dirname, '..', 'bin', 'kindred.js');
  const child = spawn(process.execPath, [kindred, 'ingest', 'items', file, '--data-dir', dataDir], { stdio: 'ignore' });
  let peak = 0;
  const watch = setInterval(() => {
    const kilobytes = readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)?.[1];
    peak = Math.max(peak, Number(kilobytes ?? 0) * 1024);
  }, 200);
  const [code] = await once(child, 'exit').finally(() => clearInterval(watch));
  if (code !== 0) throw new Error(`kindred ingest ended with ${code}`);
  return peak / 1e6;
}
