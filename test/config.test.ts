import { isAbsolute } from 'node:path';
import { readConfig } from '../src/config';

describe('the configuration', () => {
  it('needs no variable at all', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ databaseUrl: undefined, host: '127.0.0.1', port: 4000, logLevel: 'info' });
    expect(isAbsolute(config.dataDir)).toBe(true);
    expect(config.trainingThreads).toBeGreaterThanOrEqual(1);
  });

  it('names every variable that is wrong, at once', () => {
    expect(() => readConfig({ DATABASE_URL: 'mysql://x', KINDRED_PORT: '99999' })).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIGURATION',
        message: expect.stringMatching(/DATABASE_URL.*KINDRED_PORT/),
      }),
    );
  });

  it('takes an empty variable as one that is not set', () => {
    expect(readConfig({ DATABASE_URL: '', KINDRED_PORT: '' })).toMatchObject({ databaseUrl: undefined, port: 4000 });
  });

  it('lets the command line override a variable, and cannot be changed afterwards', () => {
    const config = readConfig({ KINDRED_PORT: '4001' }, { port: 0 });
    expect(config.port).toBe(0);
    expect(Object.isFrozen(config)).toBe(true);
  });
});
