import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

const check = (...args: string[]): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'scripts', 'check-migrations.mjs'), ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });

it('finds that the migrations make what schema.prisma says, and what they do not make', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-schema-'));
  const asItIs = join(root, 'prisma', 'schema.prisma');
  const altered = join(folder, 'altered.prisma');
  writeFileSync(
    altered,
    readFileSync(asItIs, 'utf8')
      .replace('  isFraud       Boolean ', '  surprise Int\n  isFraud       Boolean ')
      .replace('@db.Decimal(20, 4)', '@db.Decimal(10, 2)')
      .replace('map: "relations_friend"', 'map: "relations_renamed"'),
  );
  const { code, output } = await check('--schema', asItIs, '--schema', altered);
  rmSync(folder, { recursive: true, force: true });
  expect(output).toMatch(
    /^The migrations make what schema\.prisma says\.\nWhat would bring the migrated database to altered/,
  );
  expect(output).toContain('"surprise"');
  expect(output).toContain('DECIMAL(10,2)');
  expect(output).toContain('relations_renamed');
  expect(code).toBe(1);
});
