/** What the background is asked to do in its tests. */
import { OptionError } from '../../src/errors';

export function busyFor(milliseconds: number): void {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
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
