/**
 * The command line end to end on one small demo community: each verb that starts, trains, serves or is interrupted as a process,
 * questions and what only reads or writes a row within this one.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kindredHere } from './here';
import { endAll, kindred, start } from './process';

/** So few that it is quick, and that the fraud model may or may not beat z-scores. */
const SMALL = ['--people', '600'];

interface Scored {
  id: string;
  score: number;
}

// Several processes a test, each of which opens the store: seconds, and a minute on a machine that has much else to do.
jest.setTimeout(240_000);

describe('kindred, process by process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-cli-'));
  const dataDir = join(folder, 'store');
  const store = ['--data-dir', dataDir];
  const anyPort = { KINDRED_PORT: '0' };
  let firstAnswers = '';

  const json = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await kindredHere([...args, ...store, '--json']);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  };
  const expectToGoOn = (page: readonly Scored[], further: readonly Scored[]) => {
    expect(further).toHaveLength(10);
    expect(new Set([...page, ...further].map(({ id }) => id)).size).toBe(page.length + 10);
    const scores = [...page, ...further].map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  };
  /** Ports differ from start to start. */
  const withoutPort = (text: string) => text.replace(/127\.0\.0\.1:\d+/g, 'HOST');

  afterEach(endAll);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('goes on after it was killed in the middle of the first start, and serves true answers', async () => {
    const killed = start(['up', ...SMALL, ...store], anyPort);
    await killed.until(/train word2vec/);
    killed.child.kill('SIGKILL');
    await killed.ended;

    const up = start(['up', ...store], anyPort);
    const [, url] = await up.until(/GraphQL at (\S+);/);
    expect(up.stderr()).toContain('simulated');
    expect(up.stderr()).not.toContain('simulate a community');
    expect(up.stderr()).not.toContain('\u001b');
    firstAnswers = withoutPort(up.stdout());

    // The printed command is a real one: what it asks gives what is printed below it.
    const commands = [
      ...up.stdout().matchAll(/^curl -s (\S+) -H 'content-type: application\/json' -d '(.*)'\n\n(.*)$/gm),
    ];
    const live = up.stderr().match(/^space \w+: \S+ \(\w+\) is live/gm) ?? [];
    expect(live.length).toBeGreaterThanOrEqual(2);
    expect(commands).toHaveLength(live.length);
    for (const [, address, body, answer] of commands) {
      expect(address).toBe(url);
      const response = await fetch(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      expect(await response.json()).toEqual(JSON.parse(answer));
      expect(answer).not.toContain('errors');
    }

    const second = await kindred(['models', ...store]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('DATA_DIR_LOCKED');
    expect(second.stderr).toContain('remedy:');

    up.child.kill('SIGINT');
    expect((await up.ended).code).toBe(0);
  });

  it('serves the same answers at a second start, and trains nothing', async () => {
    const up = start(['up', ...store], anyPort);
    await up.until(/GraphQL at/);
    expect(up.stderr()).not.toContain('train ');
    expect(withoutPort(up.stdout())).toBe(firstAnswers);
    up.child.kill('SIGTERM');
    expect((await up.ended).code).toBe(0);
  });

  it('says before any work that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await kindred(['up', '--data-dir', join(folder, 'other')], { KINDRED_PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain('PORT_IN_USE');
    expect(stderr).toContain('KINDRED_PORT=');
    expect(stderr).not.toContain('simulate');
  });

  it('trains by --set, prints the model as JSON, and answers from it', async () => {
    const set = ['dimension=8', 'epochs=1', 'seed=7', 'threads=1'].flatMap((each) => ['--set', each]);
    const trained = await kindred(['train', 'word2vec', ...set, '--promote', '--force', ...store, '--json']);
    const model = JSON.parse(trained.stdout);
    expect(model).toMatchObject({ space: 'items', trainer: 'word2vec', dimension: 8, options: { epochs: 1, seed: 7 } });
    expect(model.metrics[model.evaluation.primary]).toBeGreaterThanOrEqual(0);
    expect(Object.values(model.throughput as object).every((rate) => rate > 0)).toBe(true);
    expect(model.promotion.model).toBe(model.id);

    const live = (await json(['models', 'items'])).filter((each: { live: boolean }) => each.live);
    expect(live.map((each: { id: string }) => each.id)).toEqual([model.id]);

    const out = join(folder, 'items.csv');
    expect((await kindredHere(['export', 'items', '--out', out, ...store])).code).toBe(0);
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(lines[0]).toBe('id,0,1,2,3,4,5,6,7');
    expect(lines).toHaveLength(model.vectors + 1);

    const [id] = lines[1].split(',');
    const alike = JSON.parse((await kindred(['similar', 'items', id, '--first', '3', ...store, '--json'])).stdout);
    expect(alike.model).toBe(model.id);
    expect(alike.entries).toHaveLength(3);
    expect(alike.entries.map((entry: { id: string }) => entry.id)).not.toContain(id);
  });

  it('answers what people ask of vectors, by any version, and says what it does not know', async () => {
    const versions = (await json(['models', 'items'])).map((each: { id: string }) => each.id);
    const ids = (await kindredHere(['export', 'items', ...store])).stdout
      .split('\n')
      .slice(1, 4)
      .map((line) => line.split(',')[0]);
    const rare = await json(['similar', 'items', ids[0], '--band', 'low', '--model', versions[1], '--first', '3']);
    expect(rare.model).toBe(versions[1]);
    expect(rare.entries.map((entry: { band: string }) => entry.band)).toEqual(['LOW', 'LOW', 'LOW']);
    expect(rare.entries[0].title).toEqual(expect.any(String));

    const analogy = await json(['analogy', 'items', ids[0], '-', ids[1], '+', ids[2]]);
    expect(analogy).toMatchObject({ plus: [ids[0], ids[2]], minus: [ids[1]] });
    expect(analogy.entries).toHaveLength(10);
    const further = await json(['analogy', 'items', ids[0], '-', ids[1], '+', ids[2], '--after', analogy.next]);
    expectToGoOn(analogy.entries, further.entries);
    const odd = await json(['odd-one-out', 'items', ...ids]);
    expect(ids).toContain(odd.odd);
    const { models } = await json(['compare', ids[0], ...versions.slice(0, 2), 'users', '--first', '5']);
    expect(models.map(({ known }: { known: boolean }) => known)).toEqual([true, true, false]);
    const next = await json(['next', ids[0], 'never heard of', '--exclude-seen', '--first', '2']);
    expect(next).toMatchObject({ space: 'items', ranking: 'HISTORY', unknown: ['never heard of'] });
    const later = await json(['next', ids[0], 'never heard of', '--exclude-seen', '--after', next.next]);
    expectToGoOn(next.entries, later.entries);

    const vector = await kindredHere(['vector', 'items', ids[0], ...store]);
    expect(vector.code).toBe(2);
    expect(vector.stderr).toContain('does not give vectors of what came after training');
    const unknown = await kindredHere(['similar', 'items', 'never heard of', ...store]);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/"never heard of" has no vector.*\[NOT_FOUND\]/);
  });

  it('repeats a training with one thread byte for byte', async () => {
    const set = ['dimension=8', 'epochs=1', 'seed=7', 'threads=1'].flatMap((each) => ['--set', each]);
    const again = await json(['train', 'word2vec', ...set, '--no-evaluate']);
    const before = (await json(['models', 'items'])).find((each: { live: boolean }) => each.live);
    for (const id of [before.id, again.id])
      expect(
        (await kindredHere(['export', id, '--format', 'npy', '--out', join(folder, `${id}.npy`), ...store])).code,
      ).toBe(0);
    const bytes = (id: string, end: string) => readFileSync(join(folder, `${id}.npy${end}`));
    expect(bytes(again.id, '').equals(bytes(before.id, ''))).toBe(true);
    expect(bytes(again.id, '.ids.ndjson').equals(bytes(before.id, '.ids.ndjson'))).toBe(true);
  });

  it('promotes and rolls back', async () => {
    const models = await json(['models', 'items']);
    const live = models.find((each: { live: boolean }) => each.live);
    const unmeasured = models.find((each: { evaluation?: object }) => !each.evaluation);
    const refused = await kindredHere(['promote', unmeasured.id, ...store]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('PROMOTION_REFUSED');
    expect((await json(['promote', unmeasured.id, '--force'])).replacedId).toBe(live.id);
    expect((await json(['rollback', 'items'])).model.id).toBe(live.id);
    expect((await kindredHere(['promote', 'items-999', ...store])).stderr).toContain('MODEL_NOT_FOUND');
  });

  it('leaves no half model when a training is interrupted', async () => {
    const before = (await json(['models'])).length;
    const train = start(['train', 'word2vec', '--set', 'epochs=1000', ...store]);
    await train.until(/train word2vec …/);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    train.child.kill('SIGINT');
    const { code, stderr } = await train.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('CANCELLED');
    expect(await json(['models'])).toHaveLength(before);
  });

  it('says in two lines, without a trace, that there is nothing to learn from', async () => {
    const { code, stderr } = await kindred(['train', 'word2vec', '--data-dir', join(folder, 'nothing')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: There is nothing to learn from.*\[EMPTY_CORPUS\]\n {2}remedy: /m);
    expect(stderr).not.toMatch(/stack|\.js:\d+/);
  });

  it('refuses trainers and options that do not exist, and options that contradict each other, with exit code 2', async () => {
    const trainer = await kindredHere(['train', 'word3vec', ...store]);
    expect(trainer.code).toBe(2);
    expect(trainer.stderr).toContain('word2vec');
    const option = await kindredHere(['train', 'word2vec', '--set', 'dimensions=8', ...store]);
    expect(option.code).toBe(2);
    expect(option.stderr).toContain('dimensions');
    const contradiction = ['--set', 'architecture=cbow', '--set', 'negativeSharing=4'];
    const refused = await kindredHere(['train', 'word2vec', ...contradiction, ...store]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^error: .*\[OPTION_INVALID\]\n {2}field: negativeSharing\n {2}remedy: .*architecture=skipgram/,
    );
  });

  it('scores a stored payment with reasons, and knows when there is none', async () => {
    const [accounts] = await json(['models', 'accounts']);
    if (!accounts.live) await json(['promote', accounts.id, '--force']);
    const score = JSON.parse((await kindred(['score', 'tx-000500', ...store, '--json'])).stdout);
    expect(score.value).toBeGreaterThanOrEqual(0);
    expect(score.reasons.length).toBeGreaterThan(0);
    const missing = await kindred(['score', 'tx-none', ...store]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('NOT_FOUND');
  });

  it('finds this environment fit', async () => {
    const { code, stdout } = await kindred(['doctor', '--json', ...store], anyPort);
    const findings = JSON.parse(stdout) as { check: string; state: string }[];
    expect(findings.filter((finding) => finding.state === 'fail')).toEqual([]);
    expect(findings.map((finding) => finding.check)).toContain('embedded store');
    expect(code).toBe(0);
    expect(existsSync(join(dataDir, 'kindred.lock'))).toBe(false);
  });
});
