/**
 * What one fault happens in: a database with a live model, topics and a group of its own, members, a flow of records. Closing it
 * ends whatever a failed test left behind.
 */
import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import { Client } from 'pg';
import { makeTopics } from '../streaming/make-topics';
import { Flow, kafkaAt } from './flow';
import { type Member, startMember } from './members';
import { run } from './model';
import { PARTITIONS, type RecordOptions, STREAM_NAMES } from './records';
import { TEMPLATE_VARIABLE } from './set-up';

export const OUTPUTS = ['fraud-scores', 'alerts', 'dead-letters'] as const;

/** What the fault tests need, and where it is missing why they are skipped. */
export const describeFault: (title: string, suite: () => void) => void =
  process.env.KINDRED_TEST_DATABASE_URL && process.env.KINDRED_TEST_KAFKA_BROKERS
    ? describe
    : (title, suite) =>
        describe.skip(`${title} (skipped: KINDRED_TEST_DATABASE_URL or KINDRED_TEST_KAFKA_BROKERS is not set)`, suite);

export interface SceneOptions {
  /** @default the broker that all tests share */
  readonly brokers?: string;
  /** A database that is there already. @default a copy of the template on the server that all tests share */
  readonly databaseUrl?: string;
  /** Of every member, unless it says otherwise. @default 3_000 */
  readonly sessionTimeoutMillis?: number;
}

export class Scene {
  readonly prefix = `fault-${randomUUID().slice(0, 8)}.`;
  readonly group = `${this.prefix}group`;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly members: Member[] = [];
  private readonly flows: Flow[] = [];
  private client?: Client;

  private constructor(
    readonly databaseUrl: string,
    readonly brokers: string,
    private readonly options: SceneOptions,
  ) {
    this.kafka = kafkaAt(brokers);
    this.admin = this.kafka.admin();
  }

  static async open(options: SceneOptions = {}): Promise<Scene> {
    const brokers = options.brokers ?? process.env.KINDRED_TEST_KAFKA_BROKERS!;
    const databaseUrl = options.databaseUrl ?? (await copyOfTemplate());
    const scene = new Scene(databaseUrl, brokers, options);
    await scene.admin.connect();
    const topics = [...STREAM_NAMES, ...OUTPUTS].map((name) => ({
      topic: scene.prefix + name,
      numPartitions: PARTITIONS,
    }));
    await makeTopics(scene.admin, topics);
    return scene;
  }

  get env(): NodeJS.ProcessEnv {
    return {
      DATABASE_URL: this.databaseUrl,
      KAFKA_BROKERS: this.brokers,
      KAFKA_GROUP_ID: this.group,
      KAFKA_TOPIC_PREFIX: this.prefix,
      KAFKA_PARTITIONS: String(PARTITIONS),
      KAFKA_SESSION_TIMEOUT_MS: String(this.options.sessionTimeoutMillis ?? 3_000),
    };
  }

  async member(env: NodeJS.ProcessEnv = {}): Promise<Member> {
    const member = await startMember({ ...this.env, ...env });
    this.members.push(member);
    return member;
  }

  async flow(options: RecordOptions): Promise<Flow> {
    const flow = await new Flow({ ...options, brokers: this.brokers, prefix: this.prefix }).connect();
    this.flows.push(flow);
    return flow;
  }

  /** Runs the command line on this scene's store and topics. */
  kindred(args: readonly string[]): Promise<string> {
    return run(this.databaseUrl, args, this.env);
  }

  async query<Row extends object>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    if (!this.client) {
      const client = new Client({ connectionString: this.databaseUrl });
      // A server that is stopped on purpose: the next query asks anew.
      client.on('error', () => {
        this.client = undefined;
      });
      await client.connect();
      this.client = client;
    }
    const { rows } = await this.client.query<Row>(sql, [...params]);
    return rows;
  }

  async close(): Promise<void> {
    for (const member of this.members) member.started.child.kill('SIGKILL');
    await Promise.all(this.members.map((member) => member.started.ended));
    for (const flow of this.flows) await flow.close();
    await this.client?.end();
    await this.admin.deleteTopics({ topics: [...STREAM_NAMES, ...OUTPUTS].map((name) => this.prefix + name) });
    await this.admin.disconnect();
    if (!this.options.databaseUrl) await drop(this.databaseUrl);
  }
}

let copies = 0;

async function copyOfTemplate(): Promise<string> {
  const template = process.env[TEMPLATE_VARIABLE];
  const name = `${template}_${process.pid}_${++copies}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(process.env.KINDRED_TEST_DATABASE_URL!);
  url.pathname = `/${name}`;
  return url.href;
}

const drop = (url: string): Promise<void> =>
  onServer(`DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`);

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: process.env.KINDRED_TEST_DATABASE_URL });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
