import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES, InputError, KindredError } from '../src/errors';

const documented = [
  ...readFileSync(join(__dirname, '..', 'docs', 'errors.md'), 'utf8').matchAll(/^## ([A-Z_]+)$/gm),
].map(([, code]) => code);

describe('the error catalogue', () => {
  it('documents every code there is', () => {
    expect(ERROR_CODES.filter((code) => !documented.includes(code))).toEqual([]);
  });

  it('documents no code that is not there', () => {
    expect(documented.filter((code) => !(ERROR_CODES as readonly string[]).includes(code))).toEqual([]);
  });

  it('lists its codes once each, in order', () => {
    expect([...ERROR_CODES]).toEqual([...new Set(ERROR_CODES)]);
  });
});

describe('a KindredError', () => {
  it('keeps its cause, field and remedy as data', () => {
    const cause = new Error('socket closed');
    const error = new KindredError('DATABASE_UNAVAILABLE', 'No answer.', {
      cause,
      remedy: 'Start it.',
      retriable: true,
    });
    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', cause, remedy: 'Start it.', retriable: true });
  });

  it('goes by the name of its own class', () => {
    expect(new InputError('first', 'Too large.')).toMatchObject({
      name: 'InputError',
      code: 'BAD_USER_INPUT',
      field: 'first',
    });
  });
});
