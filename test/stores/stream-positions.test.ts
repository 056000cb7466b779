import type { PartitionAdvance } from '../../src/domain/stream-commit';
import {
  advancePositions,
  createPosition,
  positionRows,
  readPositions,
  recordPositionError,
  setPosition,
} from '../../src/stores/stream-positions';
import { describeOnEachDatabase } from './databases';

describeOnEachDatabase('positions of streams', (database) => {
  const advance = (change: Partial<PartitionAdvance>): PartitionAdvance => ({
    topic: 't',
    partition: 0,
    expected: 0,
    next: 10,
    records: 9,
    deadLetters: 1,
    rate: 5,
    ...change,
  });
  const commit = (...advances: PartitionAdvance[]) => database().transaction((tx) => advancePositions(tx, advances));
  beforeEach(() => database().query('DELETE FROM stream_positions'));

  it('begin where the first to ask says, for everybody', async () => {
    const both = await Promise.all(
      [5, 7].map((offset) => createPosition(database(), { topic: 't', partition: 0 }, offset)),
    );
    expect(both[0]).toEqual(both[1]);
    expect((await readPositions(database(), 't')).get(0)).toEqual(both[0]);
    expect(await readPositions(database(), 'another')).toEqual(new Map());
  });

  it('move from where they are, counting what was taken in', async () => {
    await commit(advance({}), advance({ partition: 1, next: 3, records: 3, deadLetters: 0 }));
    await commit(advance({ expected: 10, next: 12, records: 2, deadLetters: 0, rate: 2.5, lastError: 'slow' }));
    const [first, second] = await positionRows(database());
    expect(first).toMatchObject({ topic: 't', partition: 0, nextOffset: 12, records: 11, deadLetters: 1, rate: 2.5 });
    expect(first).toMatchObject({ lastError: 'slow', lastErrorAt: expect.any(Date) });
    expect(second).toMatchObject({ partition: 1, nextOffset: 3, records: 3, lastError: undefined });
    await commit(advance({ expected: 12, next: 13 }));
    expect((await positionRows(database()))[0]).toMatchObject({ nextOffset: 13, lastError: 'slow' });
  });

  it('refuse the whole batch when one of them was moved', async () => {
    await commit(advance({}), advance({ partition: 1, next: 3 }));
    await setPosition(database(), { topic: 't', partition: 1 }, 2);
    await expect(
      commit(advance({ expected: 10, next: 20 }), advance({ partition: 1, expected: 3, next: 4 })),
    ).rejects.toMatchObject({
      code: 'STREAM_POSITION_MOVED',
      facts: { partitions: [{ topic: 't', partition: 1, expected: 3 }] },
    });
    expect(await readPositions(database(), 't')).toEqual(
      new Map([
        [0, { partition: 0, nextOffset: 10 }],
        [1, { partition: 1, nextOffset: 2 }],
      ]),
    );
  });

  it('let only one of two through that begin at the same offset', async () => {
    await createPosition(database(), { topic: 't', partition: 0 }, 0);
    const outcomes = await Promise.allSettled([commit(advance({})), commit(advance({ next: 20 }))]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('show what holds a partition up until it is set elsewhere', async () => {
    await createPosition(database(), { topic: 't', partition: 0 }, 0);
    await recordPositionError(database(), 't', 0, `broken ${'x'.repeat(5_000)}`);
    expect((await positionRows(database()))[0].lastError).toMatch(/^broken x{993}$/);
    await setPosition(database(), { topic: 't', partition: 0 }, 4, '4 offsets were lost');
    expect((await positionRows(database()))[0]).toMatchObject({ nextOffset: 4, lastError: '4 offsets were lost' });
    await setPosition(database(), { topic: 't', partition: 0 }, 0);
    expect((await positionRows(database()))[0]).toMatchObject({ nextOffset: 0, lastError: undefined });
  });
});
