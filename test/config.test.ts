import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { readConfig } from '../src/config';
import type { KindredError } from '../src/errors';

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

describe('secrets in files, and Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  let files = 0;
  function file(text: string): string {
    const path = join(folder, `${files++}`);
    writeFileSync(path, text);
    return path;
  }

  /** @returns what is thrown */
  function refusal(env: NodeJS.ProcessEnv): KindredError {
    try {
      readConfig(env);
    } catch (error) {
      return error as KindredError;
    }
    throw new Error('the configuration was taken');
  }

  describe('the database', () => {
    const url = 'postgresql://kindred@db:5432/kindred';

    it('is reached by an address in a file, whose end of line does not count', () => {
      for (const end of ['', '\n', '\r\n']) {
        const config = readConfig({ DATABASE_URL_FILE: file(`postgresql://u:secret@db/k${end}`) });
        expect(config.databaseUrl).toBe('postgresql://u:secret@db/k');
      }
    });

    it('gets a password from a file, whatever is in it, and the driver reads the same', () => {
      fc.assert(
        fc.property(
          fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[\r\n]/.test(text)),
          (password) => {
            const { databaseUrl } = readConfig({ DATABASE_URL: url, DATABASE_PASSWORD_FILE: file(`${password}\n`) });
            const client = new pg.Client({ connectionString: databaseUrl });
            expect(client).toMatchObject({ user: 'kindred', password, host: 'db', port: 5432, database: 'kindred' });
          },
        ),
        { numRuns: 200, examples: [['p@ss:w/ord?#%&'], ["it's 100 %"], ['\u00fc\u{1f600}']] },
      );
    });

    it.each([
      ['two addresses', { DATABASE_URL: url, DATABASE_URL_FILE: 'x' }, 'DATABASE_URL', /is given twice/],
      [
        'a password without an address',
        { DATABASE_PASSWORD_FILE: 'x' },
        'DATABASE_PASSWORD_FILE',
        /without DATABASE_URL/,
      ],
      [
        'a file that is not there',
        { DATABASE_URL_FILE: '/nowhere/x' },
        'DATABASE_URL_FILE',
        /cannot be read \(ENOENT\)/,
      ],
    ])('refuses %s', (_what, env, field, message) => {
      expect(refusal(env)).toMatchObject({ code: 'BAD_CONFIGURATION', field, message: expect.stringMatching(message) });
      expect(refusal(env).remedy).toBeTruthy();
    });

    it('refuses files that hold no secret, and passwords that are given twice, without telling them', () => {
      const twice = { DATABASE_URL: 'postgres://u:topsecret@db/k', DATABASE_PASSWORD_FILE: file('hushhush') };
      const wrongs: [NodeJS.ProcessEnv, RegExp][] = [
        [twice, /DATABASE_PASSWORD_FILE gives a second password/],
        [{ DATABASE_URL: `${url}?password=topsecret`, DATABASE_PASSWORD_FILE: file('hushhush') }, /a second password/],
        [{ DATABASE_URL: 'postgres:///k', DATABASE_PASSWORD_FILE: file('hushhush') }, /cannot take a password/],
        [{ DATABASE_URL: 'postgres://db/k', DATABASE_PASSWORD_FILE: file('hushhush') }, /names no user/],
        [{ DATABASE_URL: url, DATABASE_PASSWORD_FILE: file('\n') }, /is empty/],
        [{ DATABASE_URL: url, DATABASE_PASSWORD_FILE: file('hushhush\ntopsecret\n') }, /several lines/],
        [{ DATABASE_URL_FILE: file('hushhush') }, /holds no address of a Postgres/],
      ];
      for (const [env, message] of wrongs) {
        const error = refusal(env);
        expect(error).toMatchObject({ code: 'BAD_CONFIGURATION', message: expect.stringMatching(message) });
        expect(`${error.message} ${error.remedy}`).not.toMatch(/topsecret|hushhush/);
      }
    });
  });

  describe('Kafka', () => {
    const KAFKA_BROKERS = 'one:9092, two:9092';
    const certificate = '-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n';
    const key = '-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n';

    it('is off without brokers, and has defaults for all else', () => {
      expect(readConfig({ KAFKA_GROUP_ID: 'x' }).kafka).toBeUndefined();
      expect(readConfig({ KAFKA_BROKERS }).kafka).toEqual({
        brokers: ['one:9092', 'two:9092'],
        clientId: 'kindred',
        groupId: 'kindred',
        topicPrefix: 'kindred.',
        createTopics: true,
        partitions: 6,
        startFrom: 'earliest',
        sessionTimeoutMillis: 30_000,
        maxRecordBytes: 262_144,
        tls: undefined,
        sasl: undefined,
      });
    });

    it('takes every variable', () => {
      const { kafka } = readConfig({
        KAFKA_BROKERS: '[::1]:9092',
        KAFKA_CLIENT_ID: 'a',
        KAFKA_GROUP_ID: 'b',
        KAFKA_TOPIC_PREFIX: 'c-',
        KAFKA_CREATE_TOPICS: 'false',
        KAFKA_PARTITIONS: '12',
        KAFKA_START_FROM: 'latest',
        KAFKA_SESSION_TIMEOUT_MS: '1000',
        KAFKA_MAX_RECORD_BYTES: '2048',
        KAFKA_TLS: 'true',
        KAFKA_TLS_CA_FILE: file(certificate),
        KAFKA_TLS_CERT_FILE: file(certificate),
        KAFKA_TLS_KEY_FILE: file(key),
        KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
        KAFKA_SASL_USERNAME: 'u',
        KAFKA_SASL_PASSWORD_FILE: file(' p w \n'),
      });
      expect(kafka).toEqual({
        brokers: ['[::1]:9092'],
        clientId: 'a',
        groupId: 'b',
        topicPrefix: 'c-',
        createTopics: false,
        partitions: 12,
        startFrom: 'latest',
        sessionTimeoutMillis: 1_000,
        maxRecordBytes: 2_048,
        tls: { ca: certificate, cert: certificate, key },
        sasl: { mechanism: 'scram-sha-512', username: 'u', password: ' p w ' },
      });
      expect(Object.isFrozen(kafka)).toBe(true);
    });

    it.each([
      ['KAFKA_BROKERS', 'http://one:9092'],
      ['KAFKA_BROKERS', 'one'],
      ['KAFKA_BROKERS', 'one:9092,'],
      ['KAFKA_BROKERS', 'one:99999'],
      ['KAFKA_CREATE_TOPICS', 'yes'],
      ['KAFKA_PARTITIONS', '0'],
      ['KAFKA_START_FROM', 'now'],
      ['KAFKA_SESSION_TIMEOUT_MS', '999'],
      ['KAFKA_MAX_RECORD_BYTES', 'many'],
      ['KAFKA_TLS', '1'],
      ['KAFKA_TOPIC_PREFIX', 'a b'],
      ['KAFKA_SASL_MECHANISM', 'gssapi'],
    ])('refuses %s=%s, and names the variable', (name, value) => {
      const error = refusal({ KAFKA_BROKERS, [name]: value });
      expect(error).toMatchObject({ code: 'BAD_CONFIGURATION', field: name, message: expect.stringContaining(name) });
    });

    const login = { KAFKA_BROKERS, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' };
    it.each<[string, NodeJS.ProcessEnv, string, RegExp]>([
      ['a user without a mechanism', { KAFKA_BROKERS, KAFKA_SASL_USERNAME: 'u' }, 'KAFKA_SASL_MECHANISM', /is missing/],
      [
        'a mechanism without a user',
        { KAFKA_BROKERS, KAFKA_SASL_MECHANISM: 'plain' },
        'KAFKA_SASL_USERNAME',
        /is missing/,
      ],
      ['a user without a password', login, 'KAFKA_SASL_PASSWORD', /is missing/],
      [
        'two passwords',
        { ...login, KAFKA_SASL_PASSWORD: 'hushhush', KAFKA_SASL_PASSWORD_FILE: 'x' },
        'KAFKA_SASL_PASSWORD',
        /is given twice/,
      ],
      ['certificates with TLS off', { KAFKA_BROKERS, KAFKA_TLS_CA_FILE: 'x' }, 'KAFKA_TLS_CA_FILE', /TLS is off/],
      [
        'a key without its certificate',
        { KAFKA_BROKERS, KAFKA_TLS: 'true', KAFKA_TLS_KEY_FILE: 'x' },
        'KAFKA_TLS_KEY_FILE',
        /without its other half/,
      ],
      [
        'a file of certificates that is not there',
        { KAFKA_BROKERS, KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/nowhere/ca' },
        'KAFKA_TLS_CA_FILE',
        /ENOENT/,
      ],
    ])('refuses %s', (_what, env, field, message) => {
      expect(refusal(env)).toMatchObject({ code: 'BAD_CONFIGURATION', field, message: expect.stringMatching(message) });
      expect(refusal(env).message).not.toContain('hushhush');
    });

    it('refuses a file of certificates that holds none, and a key that is none, by the name of the variable', () => {
      const tls = { KAFKA_BROKERS, KAFKA_TLS: 'true' };
      expect(refusal({ ...tls, KAFKA_TLS_CA_FILE: file('hello') }).field).toBe('KAFKA_TLS_CA_FILE');
      const swapped = { ...tls, KAFKA_TLS_CERT_FILE: file(certificate), KAFKA_TLS_KEY_FILE: file(certificate) };
      expect(refusal(swapped).field).toBe('KAFKA_TLS_KEY_FILE');
    });
  });
});
