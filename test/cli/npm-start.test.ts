/** `npm start` as its users end it: by a signal to npm's own process. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

async function startAndSignal(signal: NodeJS.Signals): Promise<{ signalCode: string | null; told: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-npm-start-'));
  const npm = spawn('npm', ['start', '--', '--data-dir', join(folder, 'store')], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: '', KINDRED_PORT: '0', KINDRED_LOG_LEVEL: '', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  // Whoever still runs holds these pipes open: they close when the last one has ended.
  const closed = new Promise((resolve) => npm.once('close', resolve));
  npm.stderr.on('data', (piece: Buffer) => {
    const before = told;
    told += piece.toString();
    if (!before.includes('is empty') && told.includes('is empty')) npm.kill(signal);
  });
  await closed;
  rmSync(folder, { recursive: true, force: true });
  return { signalCode: npm.signalCode, told };
}

it('npm start leaves nothing running when npm gets SIGTERM, which it passes on, or SIGHUP, which it does not', async () => {
  const signals = ['SIGTERM', 'SIGHUP'] as const;
  const ended = await Promise.all(signals.map(startAndSignal));
  expect(ended.map(({ signalCode }) => signalCode)).toEqual(signals);
  for (const { told } of ended) expect(told).toMatch(/stopping; once more stops at once\n[\s\S]*CANCELLED/);
});
