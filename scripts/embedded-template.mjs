/**
 * Makes an empty PGlite folder once, for new embedded stores to be copied from: initdb inside a process takes two seconds and
 * 800 MB of memory, a copy neither. `src/stores/embedded-folder.ts` does without where it is missing.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'node_modules', '.kindred-embedded');
mkdirSync(dirname(target), { recursive: true });
const draft = mkdtempSync(`${target}-`);
const db = await PGlite.create({ dataDir: join(draft, 'postgres') });
await db.query('CHECKPOINT');
await db.close();
rmSync(target, { recursive: true, force: true });
renameSync(draft, target);
