/** A broker for one suite: with settings of its own, or one that is stopped on the way. Made by the script that developers use. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const SCRIPT = resolve(__dirname, '../../../scripts/kafka.mjs');

export interface BrokerOptions {
  /** @PORT@ is the broker's port. */
  properties?: Readonly<Record<string, string>>;
  /** As kafka-storage's --add-scram takes them. */
  scram?: readonly string[];
}

export class BrokerOfItsOwn {
  address = '';
  private readonly home = mkdtempSync(join(tmpdir(), 'kindred-broker-'));

  constructor(private readonly options: BrokerOptions = {}) {}

  async start(): Promise<this> {
    const { properties = {}, scram = [] } = this.options;
    const file = join(this.home, 'given.properties');
    // Small: there are others on this machine.
    const settings = { 'offsets.topic.num.partitions': '1', ...properties };
    const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(file, text.join(''));
    const users = scram.flatMap((user) => ['--scram', user]);
    const said = await this.run('start', '--properties', file, ...users);
    this.address = said.match(/KINDRED_TEST_KAFKA_BROKERS=(\S+)/)![1];
    return this;
  }

  async pause(): Promise<void> {
    await this.run('pause');
  }

  async stop(): Promise<void> {
    await this.run('stop');
    rmSync(this.home, { recursive: true, force: true });
  }

  private async run(verb: string, ...more: readonly string[]): Promise<string> {
    const broker = join(this.home, 'broker');
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, verb, '--home', broker, ...more]);
    return stdout;
  }
}
