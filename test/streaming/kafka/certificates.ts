/** Certificates made with openssl for one run: an authority, and what it signed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'kindred-certificates-'));

  constructor(readonly name: string) {
    const subject = ['-subj', `/CN=${name}`, '-days', '2'];
    this.openssl('req', '-x509', ...newKey('ca.key'), '-out', 'ca.crt', ...subject);
  }

  get certificate(): string {
    return this.read('ca.crt');
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** @returns PEM texts; `both` is a keystore as brokers take it */
  sign(name: string): { key: string; cert: string; both: string } {
    writeFileSync(this.file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    this.openssl('req', ...newKey(`${name}.key`), '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    this.openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-out', `${name}.crt`);
    const [key, cert] = [this.read(`${name}.key`), this.read(`${name}.crt`)];
    writeFileSync(this.file(`${name}.pem`), key + cert);
    return { key, cert, both: this.file(`${name}.pem`) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  private read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }
}

const newKey = (file: string): string[] => ['-newkey', 'rsa:2048', '-nodes', '-keyout', file];
