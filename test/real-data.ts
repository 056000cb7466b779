/** Where the real data sets are, which are not ours to redistribute. Without them, what needs them is skipped and says so. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env.KINDRED_TEST_DATA ?? join(__dirname, '..', '..', 'shared', 'data');

/** @returns the data set's folder, or undefined where it is absent */
export function realData(name: string): string | undefined {
  const folder = join(root, name);
  return existsSync(folder) ? folder : undefined;
}

/** `describe` where the data is present; otherwise one skipped block whose name says what is missing. */
export function describeWithData(name: string, title: string, body: (folder: string) => void): void {
  const folder = realData(name);
  if (folder) describe(title, () => body(folder));
  else describe.skip(`${title} (skipped: no ${name} below KINDRED_TEST_DATA)`, () => body(''));
}
