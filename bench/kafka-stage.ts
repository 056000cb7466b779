/**
 * Where the benches of streams run: a database and topics of their own on a real Postgres and a real Kafka, a member of a group
 * and the processes that load it. The servers are those of KINDRED_TEST_DATABASE_URL and KINDRED_TEST_KAFKA_BROKERS, else
 * throw-away ones that are started and stopped here.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { openDatabase } from '../src/stores/open';
import { type Member, startMember } from '../test/faults/members';
import type { LoadOptions } from './kafka-load';

const SCRIPTS = join(__dirname, '..', 'scripts');
export const PARTITIONS = 6;

interface Server {
  readonly address: string;
  stop(): void;
}

/** The one that the environment names, else one that a script starts. */
function server(variable: string, script: string): Server {
  const given = process.env[variable];
  if (given) return { address: given, stop: () => undefined };
  // In a folder of its own: the usual one may be somebody else's, who still needs it.
  const home = join(tmpdir(), `kindred-bench-${randomUUID().slice(0, 8)}`);
  const tell = (verb: string): string =>
    execFileSync(process.execPath, [join(SCRIPTS, script), verb, '--home', home], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const address = new RegExp(`${variable}=(\\S+)`).exec(tell('start'))?.[1];
  if (!address) throw new Error(`${script} start did not say ${variable}`);
  return { address: address.replace(/^['"]|['"]$/g, ''), stop: () => void tell('stop') };
}

export class Stage {
  readonly prefix = `bench-${randomUUID().slice(0, 8)}.`;
  readonly admin: Admin;
  private readonly processes = new Set<ChildProcess>();

  private constructor(
    readonly databaseUrl: string,
    readonly client: Client,
    readonly brokers: string,
  ) {
    this.admin = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  }

  /** Opens it for `work` and removes it, whatever happens. */
  static async *with<T>(work: (stage: Stage) => AsyncGenerator<T>) {
    const postgres = server('KINDRED_TEST_DATABASE_URL', 'postgres.mjs');
    const kafka = server('KINDRED_TEST_KAFKA_BROKERS', 'kafka.mjs');
    const name = `kindred_bench_${randomUUID().replaceAll('-', '')}`;
    const administer = (sql: string) => onServer(postgres.address, sql);
    try {
      await administer(`CREATE DATABASE ${name}`);
      const url = new URL(postgres.address);
      url.pathname = `/${name}`;
      const client = new Client({ connectionString: url.href, application_name: 'bench' });
      await client.connect();
      const stage = new Stage(url.href, client, kafka.address);
      await stage.admin.connect();
      try {
        yield* work(stage);
      } finally {
        await stage.close();
        await administer(`DROP DATABASE ${name} WITH (FORCE)`);
      }
    } finally {
      kafka.stop();
      postgres.stop();
    }
  }

  topic(name: string): string {
    return this.prefix + name;
  }

  /** Makes the tables, as the first process on an empty database does. */
  async migrate(): Promise<void> {
    const database = await openDatabase({ databaseUrl: this.databaseUrl, dataDir: '' });
    await database.close();
  }

  async createTopics(names: readonly string[]): Promise<void> {
    const topics = names.map((name) => ({ topic: this.topic(name), numPartitions: PARTITIONS }));
    await this.admin.createTopics({ topics, waitForLeaders: true });
  }

  async member(env: NodeJS.ProcessEnv = {}): Promise<Member> {
    const member = await startMember({
      DATABASE_URL: this.databaseUrl,
      KAFKA_BROKERS: this.brokers,
      KAFKA_TOPIC_PREFIX: this.prefix,
      KAFKA_GROUP_ID: `${this.prefix}group`,
      KAFKA_PARTITIONS: String(PARTITIONS),
      ...env,
    });
    this.processes.add(member.started.child);
    return member;
  }

  /** A process that produces; write numbers to `upTo`. */
  load(options: Omit<LoadOptions, 'brokers' | 'topic'>): Load {
    const whole = { ...options, brokers: this.brokers, topic: this.topic(options.stream) };
    const child = this.script('kafka-load.ts', [JSON.stringify(whole)]);
    let made = 0;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      made = Number(line);
    });
    return {
      upTo: (mark) => void child.stdin!.write(`${mark}\n`),
      made: () => made,
      ended: succeeded('the load', child),
    };
  }

  script(file: string, args: readonly string[]): ChildProcess {
    const command = ['--require', join(__dirname, '..', 'scripts', 'typescript.cjs'), join(__dirname, file), ...args];
    const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.processes.add(child);
    return child;
  }

  /** Records that were taken in, of one stream. */
  async taken(stream: string): Promise<number> {
    const { rows } = await this.client.query<{ taken: string }>(
      'SELECT coalesce(sum(records), 0) AS taken FROM stream_positions WHERE topic = $1',
      [this.topic(stream)],
    );
    return Number(rows[0].taken);
  }

  /** Messages of a topic. */
  async messages(name: string): Promise<number> {
    const offsets = await this.admin.fetchTopicOffsets(this.topic(name));
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  }

  private async close(): Promise<void> {
    for (const child of this.processes) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
    await this.client.end();
    const topics = (await this.admin.listTopics()).filter((topic) => topic.startsWith(this.prefix));
    if (topics.length > 0) await this.admin.deleteTopics({ topics });
    await this.admin.disconnect();
  }
}

export interface Load {
  /** It may produce so many in all. */
  upTo(mark: number): void;
  /** So many are acknowledged. */
  made(): number;
  readonly ended: Promise<void>;
}

async function succeeded(what: string, child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit');
  if (code !== 0 && child.signalCode === null) throw new Error(`${what} ended with ${code}`);
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export interface Pace {
  /** Of what `count` counts. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** Counts from the first that is seen to the last, so that the start of the process is left out. */
export async function paceOf(
  count: () => Promise<number>,
  { upTo, every = 20, within }: { upTo: number; every?: number; within: number },
): Promise<Pace> {
  const givenUpAt = Date.now() + within;
  let first: { at: number; count: number } | undefined;
  for (;;) {
    const seen = await count();
    const at = performance.now();
    if (seen > 0) first ??= { at, count: seen };
    if (first && seen >= upTo) {
      const seconds = (at - first.at) / 1000;
      return { perSecond: (seen - first.count) / seconds, seconds };
    }
    if (Date.now() > givenUpAt) throw new Error(`${seen} of ${upTo} after ${within / 1000} s`);
    await sleep(every);
  }
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
