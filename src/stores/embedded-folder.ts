/**
 * The folder of PGlite's files inside an embedded store. A new one is made beside it and then renamed: a process that is killed
 * while it makes one leaves nothing that a later start would take for a database.
 */
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedThread } from './embedded-connection';

/** Made by scripts/embedded-template.mjs; the same path from src/stores and from dist/stores. */
const TEMPLATE = join(__dirname, '..', '..', 'node_modules', '.kindred-embedded', 'postgres');

/** @param dataDir held by its lock */
export async function databaseFolder(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'postgres');
  if (existsSync(folder)) return folder;
  const draft = join(dataDir, 'postgres.new');
  rmSync(draft, { recursive: true, force: true });
  if (existsSync(join(TEMPLATE, 'PG_VERSION'))) cpSync(TEMPLATE, draft, { recursive: true });
  else await (await EmbeddedThread.start(draft)).close();
  renameSync(draft, folder);
  return folder;
}
