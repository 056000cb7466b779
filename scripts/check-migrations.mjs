/**
 * Holds prisma/schema.prisma against prisma/migrations: applies the migrations to a new embedded store and lets Prisma's
 * schema engine (a WebAssembly build, so that nothing is downloaded) say what differs.
 *   node scripts/check-migrations.mjs [--schema FILE …]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
require('./typescript.cjs');

const { values } = parseArgs({ options: { schema: { type: 'string', multiple: true } } });
const schemaFiles = (values.schema ?? [join(root, 'prisma', 'schema.prisma')]).map((file) => resolve(file));

const dataDir = mkdtempSync(join(tmpdir(), 'kindred-migrations-'));
const { openDatabase } = require(join(root, 'src/stores/open.ts'));
let differences;
try {
  await (await openDatabase({ dataDir })).close();
  differences = await diffs(join(dataDir, 'postgres'));
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
for (const [file, difference] of differences)
  if (difference === '') console.log(`The migrations make what ${basename(file)} says.`);
  else
    console.log(
      `What would bring the migrated database to ${basename(file)}:\n\n${difference}\n\nWrite a new migration for it, or correct the schema.`,
    );
process.exit(differences.every(([, difference]) => difference === '') ? 0 : 1);

async function diffs(folder) {
  const { PGlite } = require('@electric-sql/pglite');
  const { vector } = require('@electric-sql/pglite-pgvector');
  const pglite = await PGlite.create({ dataDir: folder, extensions: { vector } });
  try {
    const engineModule = await loadEngine();
    const results = [];
    for (const file of schemaFiles)
      results.push([file, await diff({ pglite, engineModule }, readFileSync(file, 'utf8'))]);
    return results;
  } finally {
    await pglite.close();
  }
}

/** SQL that would lead from the database to the schema; empty when they agree. */
async function diff({ pglite, engineModule }, schema) {
  const { PrismaPGlite } = require('pglite-prisma-adapter');
  const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');
  // This adapter reads the catalogue's columns of type "char", which the one on `pg` does not.
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
  }
}

/** Once a process: the glue keeps views of the memory it was first given. */
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
