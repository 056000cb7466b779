/** /livez and /readyz of a server whose Postgres is cut off, silent, and back. */
import pino from 'pino';
import { type App, createApp } from '../src/app';
import { readConfig } from '../src/config';
import { Readiness } from '../src/readiness';
import { makeStore, type TestStore, testServer } from './stores/databases';
import { TcpRelay } from './tcp-relay';

const log = pino({ level: 'silent' });

describe('readiness', () => {
  it('asks the store, and the consumer where there is one', async () => {
    let obstacle: string | undefined = 'It has not joined its group yet.';
    const readiness = new Readiness({ askStore: async () => 'well', streamsObstacle: () => obstacle, log });
    expect(await readiness.parts()).toEqual([
      { part: 'store', ready: true },
      { part: 'streams', ready: false, reason: obstacle },
    ]);
    obstacle = undefined;
    expect((await readiness.parts()).every(({ ready }) => ready)).toBe(true);
  });

  it('logs what changed, not each probe', async () => {
    const lines: string[] = [];
    const listening = pino({ base: undefined }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    let works = false;
    const askStore = async (): Promise<void> => {
      if (!works) throw new Error('gone');
    };
    const readiness = new Readiness({ askStore, log: listening, inquiry: { maxAgeMillis: 0 } });
    await readiness.parts();
    await readiness.parts();
    works = true;
    await readiness.parts();
    await readiness.parts();
    expect(lines).toEqual(['not ready: the store does not answer', 'ready again']);
  });
});

const suite = testServer === undefined ? describe.skip : describe;

suite('the probes of a server on Postgres', () => {
  let store: TestStore;
  let relay: TcpRelay;
  let app: App;
  let base: string;

  beforeAll(async () => {
    store = await makeStore('postgres');
    const url = new URL(store.location.databaseUrl!);
    relay = new TcpRelay({ host: url.hostname, port: Number(url.port || 5432) });
    await relay.open();
    url.hostname = '127.0.0.1';
    url.port = String(relay.port);
    app = await createApp(readConfig({ DATABASE_URL: url.href, KINDRED_PORT: '0', KINDRED_LOG_LEVEL: 'silent' }));
    base = (await app.start()).url.replace('/graphql', '');
  });
  afterAll(async () => {
    relay?.thaw();
    await app?.stop();
    await relay?.cut();
    await store?.remove();
  });

  const ask = async (path: string) => {
    const startedAt = Date.now();
    const response = await fetch(`${base}/${path}`);
    return { status: response.status, text: await response.text(), millis: Date.now() - startedAt };
  };
  const untilReady = async (): Promise<void> => {
    const deadline = Date.now() + 20_000;
    while ((await ask('readyz')).status !== 200) {
      if (Date.now() > deadline) throw new Error('it did not get ready again');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };

  it('says that it lives and is ready', async () => {
    expect(await ask('livez')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    expect(await ask('readyz')).toMatchObject({
      status: 200,
      text: '{"status":"ok","parts":[{"part":"store","ready":true}]}',
    });
  });

  it('lives on without Postgres, is not ready and says why, and is ready again by itself', async () => {
    await relay.cut();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await ask('livez')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    const { status, text } = await ask('readyz');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      status: 'not ready: store',
      // Which of the two depends on how soon the refused connection is heard of.
      parts: [
        {
          part: 'store',
          ready: false,
          reason: expect.stringMatching(/^It (does not answer|has not answered for 2 s)\.$/),
        },
      ],
    });
    const metrics = await ask('metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.text).toContain('kindred_store_up 0');
    expect(metrics.text).not.toMatch(/^kindred_outbox_messages /m);
    await relay.open();
    await untilReady();
  });

  it('answers in time while Postgres is silent, and does not use up the connections by asking', async () => {
    relay.freeze();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await ask('livez')).status).toBe(200);
    const probes = await Promise.all(Array.from({ length: 30 }, () => ask('readyz')));
    for (const { status, text, millis } of probes) {
      expect(status).toBe(503);
      expect(text).toContain('It has not answered for 2 s.');
      expect(millis).toBeLessThan(10_000);
    }
    const { text } = await ask('metrics');
    expect(text).toContain('kindred_store_up 0');
    expect(text).toContain('kindred_database_connections{state="waiting"} 0');
    relay.thaw();
    await untilReady();
  });
});
