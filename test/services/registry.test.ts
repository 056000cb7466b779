import { ModelRegistry } from '../../src/services/registry';
import { embedding, onBothDatabases, openTestStore, type TestStore } from './test-store';

const ids = ['a', 'b', 'tab\tand\\slash', 'line\nbreak'];

onBothDatabases((kind) => {
  let store: TestStore;
  let registry: ModelRegistry;
  let space = 'space_0';
  let spaces = 0;

  beforeAll(async () => {
    store = await openTestStore(kind);
    registry = new ModelRegistry(store.database);
  });
  afterAll(() => store.close());
  beforeEach(() => {
    space = `space_${++spaces}`;
  });

  const add = (metric?: number) => registry.add(embedding({ space, ids, metric }));

  test('a version keeps everything that is known of it', async () => {
    const given = { ...embedding({ space, ids }), artifacts: { network: Uint8Array.of(0, 1, 255) } };
    const model = await registry.add(given);
    expect(model).toMatchObject({
      id: `${space}-1`,
      version: 1,
      live: false,
      vectors: ids.length,
      dimension: 8,
      options: given.options,
      data: given.data,
      evaluation: given.evaluation,
      facts: given.facts,
      seconds: given.seconds,
      createdAt: given.createdAt,
    });
    expect([...(await registry.artifacts(model.id)).network]).toEqual([0, 1, 255]);
  });

  test('artifacts come back whole, an empty one and one that lies in several pieces', async () => {
    const large = new Uint32Array(8.5 * 2 ** 20).map((_, n) => n * 2_654_435_761);
    const artifacts = { large: new Uint8Array(large.buffer), none: new Uint8Array(0) };
    const { id } = await registry.add({ ...embedding({ space, ids }), artifacts });
    const back = await registry.artifacts(id);
    expect(Object.keys(back).sort()).toEqual(['large', 'none']);
    expect(back.none).toHaveLength(0);
    expect(Buffer.compare(back.large, artifacts.large)).toBe(0);
    await registry.drop(id);
    const { rows } = await store.database.query('SELECT FROM model_artifacts WHERE model_id = $1', [id]);
    expect(rows).toEqual([]);
  });

  test('a model that is not sound leaves nothing behind', async () => {
    const broken = embedding({ space, ids });
    broken.rows.input[3] = Number.NaN;
    await expect(registry.add(broken)).rejects.toMatchObject({ code: 'TRAINING_FAILED' });
    expect(await registry.list(space)).toEqual([]);
  });

  test('vectors are stored bit for bit, under ids with any characters', async () => {
    const given = embedding({ space, ids });
    await registry.add(given);
    const { rows } = await store.database.query<{ id: string; input: string; output: string; frequency: number }>(
      `SELECT id, input::text AS input, output::text AS output, frequency FROM vectors_${space}_1`,
    );
    expect(rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const lengths: number[] = [];
    for (const { id, input, output, frequency } of rows) {
      const row = ids.indexOf(id);
      expect(Float32Array.from(JSON.parse(input))).toEqual(given.rows.input.slice(row * 8, row * 8 + 8));
      const { vectors, bias } = given.rows.output!;
      const asked = Float32Array.from(JSON.parse(output));
      expect(asked.slice(0, 9)).toEqual(Float32Array.from([...vectors.slice(row * 8, row * 8 + 8), bias[row]]));
      lengths.push(Math.hypot(...asked));
      expect(frequency).toBe(given.rows.frequencies[row]);
    }
    // The last coordinate brings every row of outputs to the same length.
    for (const length of lengths) expect(length).toBeCloseTo(lengths[0], 5);
  });

  test('nothing is live until something is promoted', async () => {
    await add();
    await expect(registry.live(space)).rejects.toMatchObject({ code: 'MODEL_NOT_READY', facts: { space } });
    await expect(registry.rollback(space)).rejects.toMatchObject({ code: 'MODEL_NOT_READY' });
  });

  test('a model that loses to the plain baseline is refused, and promoted when forced', async () => {
    const { id } = await add(0.29);
    await expect(registry.promote(id)).rejects.toMatchObject({
      code: 'PROMOTION_REFUSED',
      message: expect.stringContaining('hr@10 0.2900 against 0.3000 of popularity'),
    });
    await expect(registry.live(space)).rejects.toMatchObject({ code: 'MODEL_NOT_READY' });
    const promotion = await registry.promote(id, { force: true });
    expect(promotion).toMatchObject({ forced: true, note: expect.stringContaining('loses to the plain baseline') });
    expect((await registry.live(space)).id).toBe(id);
  });

  test('a model that was never evaluated has not earned promotion', async () => {
    const { id } = await registry.add({ ...embedding({ space, ids }), evaluation: undefined });
    await expect(registry.promote(id)).rejects.toMatchObject({ code: 'PROMOTION_REFUSED' });
  });

  test('a metric that could not be measured beats nothing', async () => {
    const { id } = await add(Number.NaN);
    await expect(registry.promote(id)).rejects.toMatchObject({ code: 'PROMOTION_REFUSED' });
  });

  test('promotion says when the stronger baseline is ahead', async () => {
    const { id } = await add(0.35);
    expect(await registry.promote(id)).toMatchObject({ forced: false, note: expect.stringContaining('item kNN') });
    const better = await add(0.45);
    expect((await registry.promote(better.id, { force: true })).note).toBeUndefined();
  });

  test('promotion says when the plain baseline is only tied with, be it by the last bit', async () => {
    for (const metric of [0.3, 0.1 + 0.2, 0.3 - 1e-12]) {
      const { id } = await add(metric);
      expect(await registry.promote(id)).toMatchObject({
        forced: false,
        note:
          'It only ties with the plain baseline: hr@10 0.3000 against 0.3000 of popularity. ' +
          'A stronger baseline is ahead: hr@10 0.3000 against 0.4000 of item kNN.',
      });
    }
    const { note } = await registry.promote((await add(0.3001)).id);
    expect(note).toBe('A stronger baseline is ahead: hr@10 0.3001 against 0.4000 of item kNN.');
  });

  test('rollback goes one promotion further back each time, until there is nothing before', async () => {
    const [first, second, third] = [await add(), await add(), await add()];
    for (const { id } of [first, second, third]) await registry.promote(id);
    expect(await registry.rollback(space)).toMatchObject({
      kind: 'rollback',
      replacedId: third.id,
      model: { id: second.id },
    });
    expect((await registry.live(space)).id).toBe(second.id);
    await registry.rollback(space);
    expect((await registry.live(space)).id).toBe(first.id);
    await expect(registry.rollback(space)).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'space' });
    expect((await registry.live(space)).id).toBe(first.id);
  });

  test('a promotion after a rollback is rolled back to what that rollback restored', async () => {
    const [first, second, third] = [await add(), await add(), await add()];
    await registry.promote(first.id);
    await registry.promote(second.id);
    await registry.rollback(space);
    await registry.promote(third.id);
    expect((await registry.rollback(space)).model.id).toBe(first.id);
  });

  test('promoting what is live changes nothing', async () => {
    const { id } = await add();
    await registry.promote(id);
    await registry.promote(id);
    await expect(registry.rollback(space)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a dropped version goes whole, its number is not used again, and rollback steps over it', async () => {
    const [first, second, third] = [await add(), await add(), await add()];
    for (const { id } of [first, second, third]) await registry.promote(id);
    await expect(registry.drop(third.id)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'id' });
    await registry.drop(second.id);
    expect(await registry.get(second.id)).toBeUndefined();
    await expect(store.database.query(`SELECT 1 FROM vectors_${space}_2`)).rejects.toMatchObject({ code: '42P01' });
    expect((await registry.rollback(space)).model.id).toBe(first.id);
    await registry.drop(third.id);
    expect((await add()).id).toBe(`${space}-4`);
  });

  test('an unknown model is said to be unknown', async () => {
    expect(await registry.get('no-1')).toBeUndefined();
    await expect(registry.promote('no-1')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(registry.drop('no-1')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  test('writers and promoters of one space take turns', async () => {
    const models = await Promise.all([add(), add(), add()]);
    expect(models.map(({ version }) => version).sort()).toEqual([1, 2, 3]);
    await Promise.all(models.map(({ id }) => registry.promote(id)));
    await registry.rollback(space);
    await registry.rollback(space);
    await expect(registry.rollback(space)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a version that cannot be written whole is not there at all', async () => {
    const broken = embedding({ space, ids });
    broken.rows.input[3] = Number.NaN;
    await expect(registry.add(broken)).rejects.toThrow();
    expect(await registry.list(space)).toEqual([]);
    expect((await add()).version).toBe(1);
  });
});
