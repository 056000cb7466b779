/**
 * The state of a run on disk, so that one that was killed half way goes on from there. A checkpoint belongs to one
 * trainer, its options and its data, whose fingerprint it carries, and to the version of the code that wrote it: for any
 * other it is as if there were none. It is written beside its name and moved there once it is safely on disk, so whoever
 * reads sees a whole one or none.
 *
 * Layout: a line with the version, u32 length of a JSON head, the head, then the arrays one after the other, then the
 * SHA-256 of all that.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { KindredError } from '../errors';
import type { TrainingContext } from './trainer';

export interface Checkpoint {
  /** Small facts: epoch, step, best loss … */
  readonly facts: Readonly<Record<string, number | string>>;
  /** Bytes of parameters, tables and the like. */
  readonly arrays: Readonly<Record<string, Uint8Array>>;
}

/** What is written: any typed arrays. */
export interface CheckpointContent {
  readonly facts: Checkpoint['facts'];
  readonly arrays: Readonly<Record<string, ArrayBufferView>>;
}

interface Head {
  readonly fingerprint: string;
  readonly facts: Checkpoint['facts'];
  readonly arrays: readonly { readonly name: string; readonly bytes: number }[];
}

/**
 * Of what is in a checkpoint: raise it with every change of the layout above, of the names, lengths or meaning of what any
 * trainer keeps, of what a fingerprint is made of, or of how the rest of a run follows from its state. A run then begins
 * anew after the upgrade; checkpoint-layouts.test.ts fails where arrays changed and this did not.
 */
export const CHECKPOINT_VERSION = 2;
/** What people are told where a run does not go on from what it left. */
export const OTHER_VERSION = 'the checkpoint was written by another version; starting anew';

const MAGIC = Buffer.from(`KINDRED checkpoint ${CHECKPOINT_VERSION}\n`);
const ANY_MAGIC = /^KINDRED checkpoint (\d+)\n/;
const LONGEST_MAGIC = 32;
const DIGEST_BYTES = 32;

/** SHA-256 over the parts: the trainer's name, its options as JSON, the arrays that it learns from. */
export function fingerprintOf(...parts: readonly (string | ArrayBufferView)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : bytesOf(part);
    hash.update(`${bytes.byteLength} `);
    updateHash(hash, bytes);
  }
  return hash.digest('hex');
}

/** @returns undefined where there is none, where it is damaged, or where it is another run's */
export function readCheckpoint(file: string, fingerprint: string): Checkpoint | undefined {
  let from: number;
  try {
    from = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notRead(file, error);
  }
  try {
    return readOpened(from, fingerprint);
  } catch (error) {
    throw notRead(file, error);
  } finally {
    closeSync(from);
  }
}

/** What a trainer needs to find in a checkpoint, by name: neither less nor more. */
export interface CheckpointShape {
  /** Those that are numbers. */
  readonly facts: readonly string[];
  /** How many 32-bit numbers each array has. */
  readonly arrays: Readonly<Record<string, number>>;
}

/**
 * The checkpoint that this very run left. One that lacks something or has it in another length is another version's, even
 * if it does not say so: the run begins anew, and whoever listens to its progress is told.
 * @param shapeOf given the facts that were found
 */
export function resumableFrom(
  { checkpoint, onProgress }: TrainingContext,
  fingerprint: string,
  shapeOf: (facts: Checkpoint['facts']) => CheckpointShape,
): Checkpoint | undefined {
  const found = checkpoint === undefined ? undefined : readCheckpoint(checkpoint, fingerprint);
  if (!found || fits(found, shapeOf(found.facts))) return found;
  onProgress?.({ phase: 'starting anew', done: 0, total: 0, notice: OTHER_VERSION });
  return undefined;
}

function fits({ facts, arrays }: Checkpoint, shape: CheckpointShape): boolean {
  const names = Object.keys(shape.arrays);
  return (
    shape.facts.every((name) => Number.isFinite(facts[name])) &&
    names.length === Object.keys(arrays).length &&
    names.every((name) => arrays[name]?.byteLength === 4 * shape.arrays[name])
  );
}

/** Whether there is a checkpoint that another version wrote, which nobody will ever read. */
export function isOfAnotherVersion(file: string): boolean {
  let from: number;
  try {
    from = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw notRead(file, error);
  }
  try {
    const opening = Buffer.alloc(LONGEST_MAGIC);
    readSync(from, opening, 0, LONGEST_MAGIC, 0);
    const [, version] = ANY_MAGIC.exec(opening.toString('latin1')) ?? [];
    return version !== undefined && Number(version) !== CHECKPOINT_VERSION;
  } catch (error) {
    throw notRead(file, error);
  } finally {
    closeSync(from);
  }
}

function readOpened(from: number, fingerprint: string): Checkpoint | undefined {
  const end = fstatSync(from).size - DIGEST_BYTES;
  const start = MAGIC.length + 4;
  if (end < start || !isWhole(from, end)) return undefined;
  const opening = readAt(from, 0, start);
  if (!opening.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const headEnd = start + opening.readUInt32LE(MAGIC.length);
  const head = JSON.parse(readAt(from, start, headEnd).toString()) as Head;
  if (head.fingerprint !== fingerprint) return undefined;
  let at = headEnd;
  const arrays: Record<string, Uint8Array> = {};
  for (const { name, bytes } of head.arrays) {
    arrays[name] = readAt(from, at, at + bytes);
    at += bytes;
  }
  return { facts: head.facts, arrays };
}

/** Whether the digest at `end` is that of all before it. */
function isWhole(from: number, end: number): boolean {
  const hash = createHash('sha256');
  for (let at = 0; at < end; at += PIECE) hash.update(readAt(from, at, Math.min(end, at + PIECE)));
  return hash.digest().equals(readAt(from, end, end + DIGEST_BYTES));
}

/** Memory of its own, so that a typed array of any element can lie over it. */
function readAt(from: number, start: number, end: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(end - start));
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(from, bytes, done, Math.min(PIECE, bytes.length - done), start + done);
    if (read === 0) throw new RangeError(`the file ends at ${start + done}`);
    done += read;
  }
  return bytes;
}

/** @throws KindredError TRAINING_FAILED where it cannot be written */
export function writeCheckpoint(file: string, fingerprint: string, { facts, arrays }: CheckpointContent): void {
  const parts = Object.entries(arrays).map(([name, array]) => ({ name, content: bytesOf(array) }));
  const head: Head = {
    fingerprint,
    facts,
    arrays: parts.map(({ name, content }) => ({ name, bytes: content.byteLength })),
  };
  const headBytes = Buffer.from(JSON.stringify(head));
  const headLength = Buffer.alloc(4);
  headLength.writeUInt32LE(headBytes.length);
  const fresh = `${file}.${process.pid}.new`;
  try {
    const to = openSync(fresh, 'w', 0o600);
    try {
      const hash = createHash('sha256');
      for (const bytes of [MAGIC, headLength, headBytes, ...parts.map(({ content }) => content)]) {
        updateHash(hash, bytes);
        writeWhole(to, bytes);
      }
      writeWhole(to, hash.digest());
      fsyncSync(to);
    } finally {
      closeSync(to);
    }
    renameSync(fresh, file);
    syncFolder(dirname(file));
  } catch (error) {
    rmSync(fresh, { force: true });
    throw notKept(file, error);
  }
}

export function removeCheckpoint(file: string): void {
  rmSync(file, { force: true });
}

/** Typed arrays over the bytes of a checkpoint, as they were written. */
export function float32Of(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Node hashes no memory that threads share, and reads and hashes at most 2 GB at once: a piece after the other, copied. */
const PIECE = 4 * 1024 * 1024;

function updateHash(hash: ReturnType<typeof createHash>, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += PIECE) hash.update(owned(bytes.subarray(at, at + PIECE)));
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += PIECE) {
    const piece = owned(bytes.subarray(at, at + PIECE));
    for (let written = 0; written < piece.length; ) written += writeSync(file, piece, written);
  }
}

function owned(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function notKept(file: string, cause: unknown): KindredError {
  return new KindredError('TRAINING_FAILED', `The run's state could not be kept in ${file}.`, {
    remedy:
      'Free some space there, or let the user that runs Kindred write to it; the run then goes on from what was kept.',
    facts: { file },
    cause,
    // What was kept before is whole: who starts the run again need not begin anew.
    retriable: true,
  });
}

function notRead(file: string, cause: unknown): KindredError {
  return new KindredError('TRAINING_FAILED', `The state of an interrupted run could not be read from ${file}.`, {
    remedy: 'Let the user that runs Kindred read it, or remove it: the run then begins anew.',
    facts: { file },
    cause,
    retriable: true,
  });
}
