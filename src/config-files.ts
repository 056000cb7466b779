/** What the configuration reads from files: secrets above all, so that they stand in no environment. */
import { readFileSync } from 'node:fs';
import { KindredError } from './errors';

/** @throws KindredError BAD_CONFIGURATION naming the variable */
export function textIn(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code;
    throw wrong(variable, `names a file that cannot be read (${why})`, 'Check the path and its rights.');
  }
}

/** One line; editors and `echo` end it with a line break that does not belong to it. */
export function secretIn(variable: string, path: string): string {
  const secret = textIn(variable, path).replace(/[\r\n]+$/, '');
  if (secret === '') throw wrong(variable, 'names a file that is empty', 'Write the secret into it.');
  if (/[\r\n]/.test(secret))
    throw wrong(variable, 'names a file of several lines', 'Write the secret as its only line.');
  return secret;
}

export function wrong(field: string, what: string, remedy: string): KindredError {
  return new KindredError('BAD_CONFIGURATION', `The configuration is wrong. ${field} ${what}.`, { field, remedy });
}
