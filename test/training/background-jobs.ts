/** What the background is asked to do in its tests. */
import { OptionError } from '../../src/errors';
import { Graph } from '../../src/training/onnx/graph';
import { matMul } from '../../src/training/onnx/operations/matrices';
import { Session } from '../../src/training/onnx/session';
import type { TrainingContext } from '../../src/training/trainer';

export function busyFor(milliseconds: number): void {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
}

/** @returns whether the count got there in so many milliseconds */
export function busyUntil(count: Int32Array, enough: number, milliseconds: number): boolean {
  const end = Date.now() + milliseconds;
  while (Atomics.load(count, 0) < enough) if (Date.now() > end) return false;
  return true;
}

export function refuse(option: string): never {
  throw new OptionError(option, `${option} is 0.`, { remedy: 'Set it to 1.', facts: { given: 0 } });
}

export function stumble(): unknown {
  const nothing: { field: string } | undefined = JSON.parse('null');
  return nothing!.field;
}

export function die(exitCode: number): never {
  process.exit(exitCode);
}

export function squares(count: number) {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return { squares: Float64Array.from(numbers, (i) => i * i), names: numbers.map(String) };
}

/** Multiplies matrices in native code, a call after the other, and listens to nobody. */
export async function multiplyForEver(size: number, { onProgress }: TrainingContext): Promise<never> {
  const graph = new Graph();
  const input = graph.input('input', [size, size]);
  let product = input;
  for (let factor = 0; factor < FACTORS; factor++) product = matMul(product, input);
  graph.output(product, 'product');
  const session = await Session.open(graph.model());
  const feeds = { input: { dims: [size, size], data: new Float32Array(size * size).fill(1 / size) } };
  for (let calls = 0; ; calls++) {
    onProgress?.({ phase: 'multiplying', done: calls, total: 0 });
    await session.run(feeds, ['product']);
  }
}

/** Makes a call take some seconds with a size of 1,000. */
const FACTORS = 60;
