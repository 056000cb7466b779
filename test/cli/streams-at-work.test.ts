/** What an operator does at the terminal while Kindred reads a real broker: publish, look, mend positions, handle dead letters. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as Client, logLevel } from 'kafkajs';
import { type App, createApp } from '../../src/app';
import { readConfig } from '../../src/config';
import { DeadLetterTopic } from '../../src/streaming/dead-letter-reading';
import { GraphQLClient } from '../graphql-client';
import { describeWithKafka } from '../streaming/brokers';
import { deleteTopics } from '../streaming/intake';
import { kindredHere } from './here';
import { type Ended, endAll, kindred, start as startProcess } from './process';

const label = (id: string, more = '') => `{"transactionId":"${id}","isFraud":true,"decidedAt":"2026-01-01"${more}}`;
/** Of one partition, as they have one key; the last is too long to be kept whole as a dead letter. */
const RAW = [
  label('good'),
  '{"transactionId":"good","isFraud":"maybe"}',
  label('good', `,"junk":"${'z'.repeat(600_000)}"`),
];

// Several processes a test, beside a broker.
jest.setTimeout(240_000);

describeWithKafka('the verbs of streams, with a broker', (kafka) => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-streams-'));
  const file = (name: string) => join(folder, name);
  const dataDir = file('store');
  let app: App | undefined;
  let client: GraphQLClient;

  afterEach(endAll);
  afterAll(async () => {
    await app?.stop();
    await deleteTopics(kafka().prefix);
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]): Promise<Ended> => kindredHere(args, { ...kafka().env });
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };
  const start = async (): Promise<void> => {
    const common = { KINDRED_DATA_DIR: dataDir, KINDRED_PORT: '0', KINDRED_LOG_LEVEL: 'silent' };
    app = await createApp(readConfig({ ...common, ...kafka().env }));
    client = new GraphQLClient((await app.start()).url);
  };
  const labels = async () => {
    const query =
      '{ streams { stream topic lag deadLetters records recordsExact kafkaError partitions { partition position end lag rate deadLetters } } }';
    const { data } = await client.ask(query);
    return data.streams.find(({ stream }: { stream: string }) => stream === 'labels');
  };
  const until = async (what: (status: Awaited<ReturnType<typeof labels>>) => boolean): Promise<void> => {
    const deadline = Date.now() + 45_000;
    for (let status = await labels(); !what(status); status = await labels()) {
      if (Date.now() > deadline) throw new Error(`it did not come to that: ${JSON.stringify(status)}`);
      await sleep(100);
    }
  };
  const letterOf = (offset: number) => `${kafka().prefix}labels/${partition}/${offset}`;
  let partition = 0;

  it('says plainly that no broker is named', async () => {
    for (const verb of [['publish', 'labels', '-', '--raw'], ['dead-letters']]) {
      const { code, stderr } = await kindred(verb, { KAFKA_BROKERS: '' });
      expect(code).toBe(2);
      expect(stderr).toContain('KAFKA_BROKERS=localhost:9092');
    }
  });

  it('publishes valid rows with their keys, and puts the others into the rejects file', async () => {
    writeFileSync(file('labels.csv'), 'id,verdict,at\nt1,true,2026-01-01\nt2,perhaps,2026-01-01\nt3,0,2026-01-02\n');
    const map = ['--map', 'transactionId=id,isFraud=verdict,decidedAt=at', '--rejects', file('rejects.ndjson')];
    const [told] = await json('publish', 'labels', file('labels.csv'), ...map);
    expect(told).toMatchObject({ topic: `${kafka().prefix}labels`, sent: 2, rejected: 1 });
    expect(readFileSync(told.rejectsFile, 'utf8')).toMatch(/"line":3,"field":"isFraud"/);
    const sent: [string | undefined, unknown][] = [];
    const partitions = [0, 1, 2].map((each) => ({ partition: each, from: 0, to: 0 }));
    const admin = kafka().kafka.admin();
    for (const { partition: at, end } of await admin.offsets(told.topic)) partitions[at].to = end;
    await admin.close();
    for await (const { records } of kafka().kafka.read({ topic: told.topic, partitions }))
      for (const { key, value } of records) sent.push([key?.toString(), JSON.parse(String(value))]);
    expect(new Map(sent)).toEqual(
      new Map([
        ['t1', { transactionId: 't1', isFraud: true, decidedAt: '2026-01-01T00:00:00.000Z' }],
        ['t3', { transactionId: 't3', isFraud: false, decidedAt: '2026-01-02T00:00:00.000Z' }],
      ]),
    );
  });

  it('publishes raw lines as they are, and refuses to map them', async () => {
    writeFileSync(file('raw'), `${RAW.join('\n')}\n`);
    const [told] = await json('publish', 'labels', file('raw'), '--raw');
    expect(told).toMatchObject({ sent: 3, rejected: 0, rejectsFile: null });
    const mapped = await kindred(['publish', 'labels', file('raw'), '--raw', '--map', 'transactionId=id'], kafka().env);
    expect(mapped.code).toBe(2);
    expect(existsSync('kindred-rejects-labels.ndjson')).toBe(false);
  });

  it('shows a backlog that nobody has read yet', async () => {
    const [{ streams, outputs }] = await json('streams', '--data-dir', dataDir);
    const status = streams.find(({ stream }: { stream: string }) => stream === 'labels');
    expect(status).toMatchObject({ topic: `${kafka().prefix}labels`, lag: 5, deadLetters: 0, stored: 0 });
    expect(status.partitions).toHaveLength(3);
    expect(outputs).toMatchObject({ outboxMessages: 0, awaitingScores: 0 });
  });

  it('is ready once its consumer is in the group, and tells of positions, lag and dead letters over GraphQL', async () => {
    await start();
    await until(({ lag, deadLetters }) => lag === 0 && deadLetters === 2);
    const status = await labels();
    expect(status).toMatchObject({ records: 3, recordsExact: true, kafkaError: null });
    for (const { position, end } of status.partitions) expect(position).toBe(end);
    const ready = await fetch(client.url.replace('graphql', 'readyz'));
    expect([ready.status, ((await ready.json()) as { parts: object[] }).parts]).toEqual([
      200,
      [
        { part: 'store', ready: true },
        { part: 'streams', ready: true },
      ],
    ]);
    const metrics = await (await fetch(client.url.replace('graphql', 'metrics'))).text();
    expect(metrics).toContain('kindred_stream_records_total{stream="labels"} 3');
    expect(metrics).toContain('kindred_stream_dead_letters_total{stream="labels",code="INVALID"} 1');
    expect(metrics).toContain('kindred_stream_dead_letters_total{stream="labels",code="OVERSIZED"} 1');
    expect(metrics).toMatch(/^kindred_stream_lag_records\{topic="\S+labels",partition="0"\} 0$/m);
    expect(metrics).toContain('kindred_kafka_up 1');
    expect(metrics).toContain('kindred_consumer_partitions 18');
  });

  it('says whom to ask while another process has the embedded store', async () => {
    const { code, stderr } = await kindred(['streams', '--data-dir', dataDir], { ...kafka().env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/DATA_DIR_LOCKED[\s\S]*GraphQL: \{ streams/);
  });

  it('lists dead letters, by code too, and shows one without commanding the terminal', async () => {
    const listed = await json('dead-letters');
    expect(listed.map(({ code }) => code).sort()).toEqual(['INVALID', 'OVERSIZED']);
    const [invalid] = await json('dead-letters', 'list', '--code', 'invalid', '--stream', 'labels');
    partition = invalid.partition;
    expect(invalid).toMatchObject({ field: 'isFraud', bytes: RAW[1].length, truncated: false });
    expect(await json('dead-letters', 'list', '--stream', 'items')).toEqual([]);
    expect(await json('dead-letters', 'list', '--since', '2100-01-01')).toEqual([]);
    const shown = await kindred(['dead-letters', 'show', invalid.id], kafka().env);
    expect(shown.stdout).toMatch(/^reason +INVALID \(isFraud\): /m);
    expect(shown.stdout).toContain('"isFraud": "maybe"');
    expect((await run('dead-letters', 'show', invalid.id, '--raw')).stdout).toBe(RAW[1]);
    expect((await run('dead-letters', 'show', 'no/0/0')).stderr).toContain('NOT_FOUND');
  });

  it('sends one again: refused again, the newer stands for it', async () => {
    const [invalid] = await json('dead-letters', 'list', '--code', 'INVALID');
    const dry = await json('dead-letters', 'replay', invalid.id, '--dry-run');
    expect(dry).toMatchObject([{ sent: { [`${kafka().prefix}labels`]: 1 }, dryRun: true }]);
    expect(await json('dead-letters', 'replay', invalid.id)).toMatchObject([{ refused: 0, dryRun: false }]);
    await until(({ deadLetters }) => deadLetters === 3);
    const letters = await json('dead-letters', 'list', '--code', 'INVALID');
    expect(letters.map(({ replayOf }) => replayOf)).toEqual([invalid.id, undefined]);
    const [all] = await json('dead-letters', 'replay', '--all', '--dry-run');
    expect(all).toMatchObject({ sent: { [`${kafka().prefix}labels`]: 2 }, superseded: 1 });
  });

  it('sends the whole of one that was cut, from its own topic', async () => {
    const [oversized] = await json('dead-letters', 'list', '--code', 'OVERSIZED');
    expect(oversized).toMatchObject({ bytes: RAW[2].length, truncated: true });
    await json('dead-letters', 'replay', '--code', 'OVERSIZED');
    await until(({ deadLetters }) => deadLetters === 4);
    const letters = new DeadLetterTopic(kafka().kafka, `${kafka().prefix}dead-letters`);
    const { letters: again } = await letters.newest(1, { code: 'OVERSIZED' });
    expect(again).toMatchObject([{ bytes: RAW[2].length, replayOf: oversized.id }]);
  });

  it('does not send half of one whose original is gone, and says so', async () => {
    const topic = `${kafka().prefix}labels`;
    const admin = new Client({ brokers: [kafka().brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    const partitions = ends.map(({ partition: at, high }) => ({ partition: at, offset: high }));
    await admin.deleteTopicRecords({ topic, partitions });
    await admin.disconnect();
    const { code, stderr } = await run('dead-letters', 'replay', '--code', 'OVERSIZED');
    expect(code).toBe(1);
    expect(stderr).toMatch(/not sent: \S+: it was too long to be kept whole, and \S+ no longer has it/);
    expect((await run('dead-letters', 'replay', letterOf(999))).stderr).toContain('Nothing was sent.');
  });

  it('reads on from elsewhere when told to, and adds nothing twice', async () => {
    await json(
      'publish',
      'labels',
      file('labels.csv'),
      '--map',
      'transactionId=id,isFraud=verdict,decidedAt=at',
      '--rejects',
      file('again'),
    );
    await until(({ lag }) => lag === 0);
    await app?.stop();
    const [{ streams }] = await json('streams', '--data-dir', dataDir);
    const { topic, partitions } = streams.find(({ stream }: { stream: string }) => stream === 'labels');
    const set = partitions.map(({ partition: at }: { partition: number }) => [
      '--set-position',
      `${topic}/${at}=earliest`,
    ]);
    const { code, stdout } = await run('streams', '--data-dir', dataDir, ...set.flat());
    expect(code).toBe(0);
    // What was published last: the rest is gone from the topic.
    const again = [...stdout.matchAll(/; (\d) offsets? read again/g)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
    expect(again).toBe(2);
    const beyond = await run('streams', '--data-dir', dataDir, '--set-position', `${topic}/0=999999`);
    expect(beyond.code).toBe(2);
    expect(beyond.stderr).toContain('Name one of them, or earliest or latest.');
    await start();
    await until(({ lag }) => lag === 0);
    const metrics = await (await fetch(client.url.replace('graphql', 'metrics'))).text();
    expect(metrics).toContain('kindred_stream_duplicates_total{stream="labels"} 2');
    expect((await labels()).records).toBe(3);
  });

  it('logs what an operator needs, as JSON, and nothing of what events say', async () => {
    await app?.stop();
    app = undefined;
    const served = startProcess(['serve', '--data-dir', dataDir], { KINDRED_PORT: '0', ...kafka().env });
    await served.until(/the group gave this process its partitions/);
    writeFileSync(file('secrets'), `${label('secret-id', ',"isFraud":"secret-value"')}\nsecret-text\n`);
    await json('publish', 'labels', file('secrets'), '--raw');
    await served.until(/records were refused/);
    served.child.kill('SIGTERM');
    const { code, stderr } = await served.ended;
    expect(code).toBe(0);
    const [plain, lines] = [false, true].map((isJson) =>
      stderr
        .trimEnd()
        .split('\n')
        .filter((line) => line.startsWith('{') === isJson),
    );
    expect(plain).toEqual([expect.stringMatching(/^GraphQL at /), expect.stringMatching(/^stopping/)]);
    const told = lines.map((line) => JSON.parse(line));
    for (const msg of ['GraphQL is served', 'stopped']) expect(told.map((each) => each.msg)).toContain(msg);
    expect(told.find(({ msg }) => msg.startsWith('records were refused'))).toMatchObject({
      level: 40,
      stream: 'labels',
    });
    expect(stderr).not.toContain('secret');
  });

  it('serves while no broker answers, and says that it is not ready', async () => {
    const common = { KINDRED_DATA_DIR: dataDir, KINDRED_PORT: '0', KINDRED_LOG_LEVEL: 'silent' };
    app = await createApp(readConfig({ ...common, ...kafka().env, KAFKA_BROKERS: '127.0.0.1:1' }));
    client = new GraphQLClient((await app.start()).url);
    const probe = async (path: string) => {
      const response = await fetch(client.url.replace('graphql', path));
      return [response.status, await response.json()];
    };
    expect(await probe('livez')).toEqual([200, { status: 'ok' }]);
    expect(await probe('readyz')).toEqual([
      503,
      {
        status: 'not ready: streams',
        parts: [
          { part: 'store', ready: true },
          { part: 'streams', ready: false, reason: expect.stringMatching(/group/) },
        ],
      },
    ]);
    const startedAt = Date.now();
    const status = await labels();
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(status).toMatchObject({ lag: null, kafkaError: expect.stringContaining('Kafka'), deadLetters: 6 });
    expect(status.partitions).toHaveLength(3);
  });
});
