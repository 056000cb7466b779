/** What the command line says when it is asked for help, or used wrongly. Needs no store; a few of these are processes, which shows that the others would say the same. */
import { kindredHere } from './here';
import { kindred } from './process';

const VERBS =
  'up serve ingest publish train evaluate models promote rollback similar analogy odd-one-out compare next vector score replay replays streams dead-letters export doctor'.split(
    ' ',
  );

describe('the command line', () => {
  it('lists its verbs on --help', async () => {
    const { code, stdout, stderr } = await kindred(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const verb of VERBS) expect(stdout).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
  });

  it('prints the version of the package', async () => {
    const { version } = require('../../package.json') as { version: string };
    expect(await kindred(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([...VERBS.map((verb) => [verb]), ...['list', 'show', 'replay'].map((part) => ['dead-letters', part])])(
    'has examples in the help of %s',
    async (...verb) => {
      const { code, stdout } = await kindredHere([...verb, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`kindred ${verb.join(' ')}`);
      expect(stdout).toMatch(/Examples:\n {2}\S/);
    },
  );

  it("lists a trainer's options with their defaults", async () => {
    const { stdout } = await kindredHere(['train', 'node2vec', '--help']);
    for (const option of ['dimension', 'window', 'walksPerNode', 'walkLength', 'p', 'q', 'epochs', 'seed', 'threads'])
      expect(stdout).toMatch(new RegExp(`^ +${option} .*\\d`, 'm'));
    expect(stdout).not.toContain('autoencoder (space');
  });

  it.each([
    ['no verb at all', [], /Usage: kindred/],
    ['an unknown verb, and suggests a known one', ['trian'], /unknown command 'trian'[\s\S]*Did you mean train\?/],
    ['an unknown option', ['models', '--jsno'], /unknown option '--jsno'[\s\S]*--json/],
    ['a missing argument', ['train'], /missing required argument 'trainer'/],
    ['a setting without a value', ['train', 'word2vec', '--set', 'dimension'], /option=value/],
    ['a day that is none', ['train', 'word2vec', '--from', 'yesterday'], /ISO 8601/],
    ['an unknown format', ['export', 'items', '--format', 'xml'], /csv, ndjson, npy/],
    ['a watch off a terminal without an interval', ['streams', '--watch'], /--watch 10/],
    ['a position that is none', ['streams', '--set-position', 'kindred.labels=earliest'], /topic\/partition=where/],
    ['a rate of nothing', ['publish', 'labels', '-', '--rate', '0'], /records a second/],
    ['a replay of nothing in particular', ['dead-letters', 'replay'], /--all/],
    [
      'a code of dead letters that there is not',
      ['dead-letters', '--code', 'BAD'],
      /UNDECODABLE, INVALID or OVERSIZED/,
    ],
    ['npy without a file', ['export', 'items', '--format', 'npy'], /--out FILE/],
    ['a band that there is not', ['similar', 'items', 'x', '--band', 'sky'], /high, middle, low/],
    ['a likeness to nothing', ['similar', 'items'], /three ways to say it/],
    ['a text that is to be unlike ids', ['similar', 'x', '--text', 'a', '--unlike', 'b'], /leave --unlike out/],
    ['ids that are no list', ['analogy', 'items', '--plus', '["a", 1]'], /JSON list of texts/],
    ['a sum with a sign missing', ['analogy', 'items', 'a', 'b'], /a sign is missing/],
    ['a comparison with nothing', ['compare', 'a'], /missing required argument 'models'/],
    ['a vector of two things at once', ['vector', 'items', 'a', '--text', 'b'], /of a text or of a sequence/],
    ['events that are no JSON', ['next', '--events', __filename], /events\[0\].*no JSON|This is no JSON/],
    ['a count out of range', ['similar', 'items', 'x', '--first', '0'], /1 to 100/],
  ] as const)('refuses %s with exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await kindredHere([...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('refuses a wrong configuration with exit code 2, naming the variable', async () => {
    const { code, stderr } = await kindred(['models'], { KINDRED_PORT: 'http', DATABASE_URL: 'mysql://x' });
    expect(code).toBe(2);
    expect(stderr).toContain('KINDRED_PORT');
    expect(stderr).toContain('DATABASE_URL');
    expect(stderr).toContain('BAD_CONFIGURATION');
  });
});
