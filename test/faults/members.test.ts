/** Several members of one group: killed, added, stopped, frozen and woken, and a rebalance in the middle of a batch. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Member } from './members';
import { behind, expectRecomputed, expectScored, expectStored, problems, settled } from './outcome';
import { describeFault, Scene } from './scene';
import { until } from './until';

const memberIds = async (scene: Scene): Promise<string[]> => {
  const { groups } = await scene.admin.describeGroups([scene.group]);
  return groups[0].members.map(({ memberId }) => `${memberId} (${groups[0].state})`);
};

const membersOf = async (scene: Scene): Promise<number> => (await memberIds(scene)).length;

/** So many, and each of them has its part. */
async function groupOf(scene: Scene, members: number, within = 30_000): Promise<void> {
  await until(
    `a group of ${members}`,
    async () => {
      const ids = await memberIds(scene);
      return ids.length === members && ids.every((id) => id.endsWith('(Stable)'));
    },
    { within, sofar: async () => `${await memberIds(scene)}; ${await problems(scene)}` },
  );
}

/** Until somebody takes in what comes, in every partition. */
async function movingEverywhere(scene: Scene, within = 30_000): Promise<void> {
  const positions = async (): Promise<Map<string, number>> =>
    new Map(
      (
        await scene.query<{ place: string; next: number }>(
          `SELECT topic || '/' || partition AS place, next_offset::integer AS next FROM stream_positions`,
        )
      ).map(({ place, next }) => [place, next]),
    );
  const before = await positions();
  await until(
    'every partition to move on',
    async () => {
      const now = await positions();
      return now.size > 0 && [...now].every(([place, next]) => next > (before.get(place) ?? -1));
    },
    { within, sofar: () => problems(scene) },
  );
}

describeFault('members of a group', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene?.close());

  it('one killed, one added, one stopped cleanly: nothing lost, nothing twice', async () => {
    const flow = await scene.flow({ seed: 11 });
    flow.start(80);
    // A session this long does not run out within the test: only a member that leaves is gone at once.
    const stopping = await scene.member({ KAFKA_SESSION_TIMEOUT_MS: '60000' });
    const killed = await scene.member();
    await groupOf(scene, 2);
    const before = await memberIds(scene);
    await movingEverywhere(scene);
    await killed.kill();
    await sleep(500);
    await scene.member();
    await until('the killed member to be gone', async () => {
      const now = await memberIds(scene);
      return now.some((id) => !before.includes(id)) && now.filter((id) => before.includes(id)).length === 1;
    });
    await groupOf(scene, 2);
    await movingEverywhere(scene);
    expect(await stopping.stop()).toBe(0);
    await until('the group without the one that stopped', async () => (await membersOf(scene)) === 1, {
      // Its session would run for a minute.
      within: 20_000,
    });
    await movingEverywhere(scene);
    await flow.stop();
    await settled(scene);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
  }, 120_000);

  it('one frozen in the middle of a transaction holds nobody up, and is refused when it wakes', async () => {
    const flow = await scene.flow({ seed: 12 });
    flow.start(80);
    const frozen = await scene.member();
    await movingEverywhere(scene);
    await freezeInTransaction(scene, frozen);
    await scene.member();
    await movingEverywhere(scene, 45_000);
    frozen.signal('SIGCONT');
    // It finds that it is no longer a member, joins again, and both go on.
    await groupOf(scene, 2);
    await movingEverywhere(scene);
    await flow.stop();
    await settled(scene);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
    expect(frozen.started.child.exitCode).toBeNull();
  }, 150_000);

  it('one frozen between its transactions has its commit refused when it wakes', async () => {
    const flow = await scene.flow({ seed: 13 });
    flow.start(80);
    const frozen = await scene.member();
    await movingEverywhere(scene);
    // Its batch waits for this lock, and its session is then ended by the server: on waking it tries the same batch again.
    const locking = await lockTables(scene);
    await until('a batch that waits for the lock', () => waiting(scene));
    frozen.signal('SIGSTOP');
    await scene.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kindred'`,
    );
    await locking.end();
    await scene.member();
    await movingEverywhere(scene, 45_000);
    frozen.signal('SIGCONT');
    await groupOf(scene, 2);
    await until(
      'a refused commit',
      async () =>
        Number(
          /kindred_stream_commits_refused_total\S* ([1-9]\d*)/.exec((await frozen.get('/metrics')).body)?.[1] ?? 0,
        ) > 0,
      { sofar: () => problems(scene) },
    );
    await movingEverywhere(scene);
    await flow.stop();
    await settled(scene);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
  }, 150_000);

  it('a rebalance in the middle of a batch, again and again: nothing lost, nothing twice', async () => {
    const flow = await scene.flow({ seed: 14 });
    flow.start(80);
    await scene.member();
    await movingEverywhere(scene);
    for (let round = 0; round < 3; round++) {
      const locking = await lockTables(scene);
      await until('a batch that waits for the lock', () => waiting(scene));
      const joining = scene.member();
      await groupOf(scene, 2);
      await locking.end();
      await movingEverywhere(scene);
      expect(await (await joining).stop()).toBe(0);
    }
    await flow.stop();
    await settled(scene);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
    await expectRecomputed(scene);
  }, 150_000);

  it('a clean stop under load commits what it began, sends what it owes, tells Kafka how far it is and leaves', async () => {
    const flow = await scene.flow({ seed: 15 });
    await flow.burst(12_000);
    const member = await scene.member({ KAFKA_SESSION_TIMEOUT_MS: '60000' });
    await until(
      'some of the backlog',
      async () => (await scene.query('SELECT 1 FROM fraud_scores LIMIT 1')).length > 0,
    );
    expect(await member.stop()).toBe(0);
    expect(await behind(scene)).not.toEqual([]);
    expect(await membersOf(scene)).toBe(0);
    const [{ left }] = await scene.query<{ left: number }>('SELECT count(*)::integer AS left FROM outbox');
    expect(left).toBe(0);
    await expectOffsetsTold(scene);
    await scene.member();
    await settled(scene);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
  }, 120_000);
});

/** What Kafka was told is where the store is. */
async function expectOffsetsTold(scene: Scene): Promise<void> {
  const rows = await scene.query<{ topic: string; partition: number; next: string }>(
    'SELECT topic, partition, next_offset::text AS next FROM stream_positions WHERE next_offset > 0',
  );
  const told = await scene.admin.fetchOffsets({
    groupId: scene.group,
    topics: [...new Set(rows.map((row) => row.topic))],
  });
  const offsets = new Map(
    told.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic}/${partition}`, offset] as const),
    ),
  );
  expect(rows.map((row) => [row.topic, row.partition, offsets.get(`${row.topic}/${row.partition}`)])).toEqual(
    rows.map((row) => [row.topic, row.partition, row.next]),
  );
}

/** Keeps every batch from its commit until the connection ends. */
async function lockTables(scene: Scene): Promise<Client> {
  const client = new Client({ connectionString: scene.databaseUrl, application_name: 'faults' });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE transactions, interactions, items IN EXCLUSIVE MODE');
  return client;
}

async function waiting(scene: Scene): Promise<boolean> {
  const rows = await scene.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kindred' AND wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

/** Its transaction has moved positions and written rows, and will hear of its COMMIT no more. */
async function freezeInTransaction(scene: Scene, member: Member): Promise<void> {
  const locking = await lockTables(scene);
  await until('a batch that waits for the lock', () => waiting(scene));
  member.signal('SIGSTOP');
  await locking.end();
}
