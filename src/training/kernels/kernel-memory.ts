/**
 * What every WASM kernel needs: the builds that this host can run, and one memory that threads share, in which tables,
 * counts and each thread's own space lie one after the other.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { KindredError } from '../../errors';

/** `plain` runs wherever there is WASM SIMD; `relaxed` fuses multiply-adds where the host has relaxed SIMD. */
export type KernelBuild = 'plain' | 'relaxed';

const SUFFIXES: Record<KernelBuild, string> = { plain: '.wasm', relaxed: '.relaxed.wasm' };

/** @param kernel name of its `.assembly.ts`: 'skip-gram' */
function readBuild(kernel: string, build: KernelBuild): Uint8Array {
  return readFileSync(join(__dirname, 'generated', `${kernel}${SUFFIXES[build]}`));
}

/** The builds of a kernel that this host can run, the fastest first. */
export function availableBuilds(kernel: string): KernelBuild[] {
  const relaxed = readBuild(kernel, 'relaxed');
  if (!WebAssembly.validate(relaxed)) allowRelaxedSimd();
  return WebAssembly.validate(relaxed) ? ['relaxed', 'plain'] : ['plain'];
}

/**
 * Node 20's V8 (11.3) has relaxed SIMD behind a flag, one version before it came without (ADR 18). The flag is asked when
 * code is compiled, so it can still be given here, and holds for all threads. Later versions would not know it.
 */
function allowRelaxedSimd(): void {
  if (process.versions.v8.startsWith('11.3.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
}

export function compileBuild(kernel: string, build: KernelBuild): WebAssembly.Module {
  return new WebAssembly.Module(readBuild(kernel, build));
}

/** What a build exports, over this memory. */
export function instantiate<Exports>(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as Exports;
}

/** What a build's function of plain numbers says before there is a memory, such as how much scratch space it needs. */
export function askBuild<Exports>(module: WebAssembly.Module): Exports {
  return instantiate(module, new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
}

/** AssemblyScript's trap; the builds have no assertions, so it is never called. */
function abort(): never {
  throw new KindredError('TRAINING_FAILED', 'A training kernel aborted.');
}

const PAGE = 65_536;
/** What 32-bit addresses reach. */
const MOST_BYTES = 65_536 * PAGE;
/** A cache line: tables and what only one thread writes start on one. */
export const LINE = 64;

/** Gives out stretches of a memory that does not exist yet, each on a line of its own. */
export class Placement {
  /** The first line stays unused, so that no address is 0. */
  #bytes = LINE;

  /** @returns where `size` bytes start */
  take(size: number): number {
    const at = this.#bytes;
    this.#bytes += Math.ceil(size / LINE) * LINE;
    return at;
  }

  get bytes(): number {
    return this.#bytes;
  }
}

/** Bytes from one row of a table to the next: a multiple of 16, so that a row is whole vectors of four. */
export function rowBytes(dimension: number): number {
  return Math.ceil(dimension / 4) * 16;
}

/** @throws KindredError TRAINING_FAILED where it would be too large, or the host does not give it */
export function allocate(bytes: number, shape: { nodes: number; dimension: number }): WebAssembly.Memory {
  const { nodes, dimension } = shape;
  const facts = { nodes, dimension, bytes };
  const remedy = 'Lower the dimension, or leave out rare things (minCount).';
  if (bytes > MOST_BYTES) {
    const needed = (bytes / 2 ** 30).toFixed(1);
    throw new KindredError(
      'TRAINING_FAILED',
      `${nodes} things at dimension ${dimension} need ${needed} GiB; a training run can hold 4 GiB.`,
      { remedy, facts },
    );
  }
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new KindredError('TRAINING_FAILED', `The host did not give ${bytes} bytes for training.`, {
      remedy,
      facts,
      cause,
    });
  }
}
