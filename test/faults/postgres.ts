/** A Postgres of a test's own, which it may stop and start again on the same data and port. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '..', '..', 'scripts', 'postgres.mjs');

export class OwnPostgres {
  /** The script makes it: the server's own user must be able to enter it. */
  private readonly home = join(tmpdir(), `kindred-fault-postgres-${randomUUID().slice(0, 8)}`);

  /** @returns the URL of its database */
  start(): string {
    return /KINDRED_TEST_DATABASE_URL=(\S+)/.exec(this.tell('start'))![1];
  }

  /** As `systemctl stop` would: sessions are ended, nothing listens any more. */
  pause(): void {
    this.tell('pause');
  }

  /** Stops it and removes its data. */
  remove(): void {
    this.tell('stop');
  }

  private tell(verb: string): string {
    return execFileSync(process.execPath, [SCRIPT, verb, '--home', this.home], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
