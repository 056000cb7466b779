/** A Kafka broker of a test's own, which it may stop, freeze and start again on the same data and port. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SCRIPT = join(__dirname, '..', '..', 'scripts', 'kafka.mjs');

export class OwnBroker {
  private readonly home = join(tmpdir(), `kindred-fault-kafka-${randomUUID().slice(0, 8)}`);

  /** @returns host:port */
  async start(): Promise<string> {
    return /KINDRED_TEST_KAFKA_BROKERS=(\S+)/.exec(await this.tell('start'))![1];
  }

  /** In order, as an upgrade would stop it. */
  async pause(): Promise<void> {
    await this.tell('pause');
  }

  /** SIGSTOP: it accepts connections and answers nothing; SIGCONT wakes it. */
  signal(name: NodeJS.Signals): void {
    process.kill(Number(readFileSync(join(this.home, 'pid'), 'utf8')), name);
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    await this.tell('stop');
  }

  private async tell(verb: string): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, verb, '--home', this.home]);
    return stdout;
  }
}
