/**
 * Writes schema.graphql from the resolvers.
 *   --check  writes nothing, and fails when the file is not current
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
require('reflect-metadata');
require('./typescript.cjs');
const { lexicographicSortSchema, printSchema } = require('graphql');
const { graphqlSchema } = require('../src/resolvers/graphql-schema.ts');

const file = join(root, 'schema.graphql');
const text = `# Emitted by scripts/emit-schema.mjs; edit src/schema and src/resolvers instead.\n\n${printSchema(lexicographicSortSchema(graphqlSchema()))}\n`;
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  console.error('schema.graphql is not current: run node scripts/emit-schema.mjs and commit what it writes.');
  process.exitCode = 1;
}
