/**
 * Holds prisma/schema.prisma against prisma/migrations: applies the migrations to a new embedded store and lets Prisma's
 * schema engine (a WebAssembly build, so that nothing is downloaded) say what differs.
 *   node scripts/check-migrations.mjs [--schema FILE]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
require('@swc-node/register');

const { values } = parseArgs({ options: { schema: { type: 'string' } } });
const schemaFile = resolve(values.schema ?? join(root, 'prisma', 'schema.prisma'));

const dataDir = mkdtempSync(join(tmpdir(), 'kindred-migrations-'));
const { openDatabase } = require(join(root, 'src/stores/open.ts'));
let difference;
try {
  await (await openDatabase({ dataDir })).close();
  difference = await diff(join(dataDir, 'postgres'), readFileSync(schemaFile, 'utf8'));
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
if (difference !== '') {
  console.error(`What would bring the migrated database to ${schemaFile}:\n\n${difference}`);
  console.error('\nWrite a new migration for it, or correct the schema.');
  process.exit(1);
}
console.log('The migrations make what schema.prisma says.');

/** SQL that would lead from the database to the schema; empty when they agree. */
async function diff(folder, schema) {
  const { PGlite } = require('@electric-sql/pglite');
  const { vector } = require('@electric-sql/pglite-pgvector');
  const { PrismaPGlite } = require('pglite-prisma-adapter');
  const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');
  const engineModule = await loadEngine();
  const pglite = await PGlite.create({ dataDir: folder, extensions: { vector } });
  // Not the adapter of src/stores/prisma.ts: that one does not read the catalogue's columns of type "char".
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPGlite(pglite));
  const files = [{ path: 'schema.prisma', content: schema }];
  const engine = await engineModule.SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, adapter);
  try {
    const result = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: root },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    return result.exitCode === 2 ? (result.stdout ?? '').trim() : '';
  } finally {
    engine.free();
    await pglite.close();
  }
}

async function loadEngine() {
  const folder = join(root, 'node_modules/@prisma/schema-engine-wasm');
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, 'schema_engine_bg.wasm')), {
    './schema_engine_bg.js': glue,
  });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue;
}
