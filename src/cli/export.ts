/** `kindred export`: the vectors of a space's live model, or of any model, to a file or to stdout. */

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { Command, Option } from 'commander';
import type { Model } from '../domain/model';
import { CancelledError } from '../errors';
import { type Session, type StoreOptions, withApp, withStoreOption } from './session';
import { number } from './terminal';
import { csv, ndjson, npyHeader, npyRow, type VectorRow } from './vector-formats';

interface ExportOptions extends StoreOptions {
  format: 'csv' | 'ndjson' | 'npy';
  out?: string;
}

export function exportCommand(): Command {
  return withStoreOption(new Command('export'))
    .description("the vectors of a space's live model, or of a model")
    .argument(
      '<space or model-id>',
      'items, merchants, users, accounts, fasttext_items, doc2vec_users …, or an id as `kindred models` lists it',
    )
    .addOption(new Option('--format <format>', 'how to write them').choices(['csv', 'ndjson', 'npy']).default('csv'))
    .option('--out <file>', 'where to (default: stdout; npy needs a file)')
    .addHelpText(
      'after',
      `
csv     header id,0,1,… then a row a vector
ndjson  {"id": "…", "vector": [0.1, …]} a line
npy     NumPy's format, float32, a row a vector; the ids stand beside it in FILE.ids.ndjson, one JSON string a line, in the same order

Examples:
  kindred export users --format csv --out users.csv
  kindred export items-3 --format ndjson | head -1
  kindred export coles_accounts --format npy --out accounts.npy
  kindred export items --format npy --out items.npy`,
    )
    .action(exportVectors);
}

async function exportVectors(spaceOrModelId: string, options: ExportOptions, command: Command): Promise<void> {
  if (options.format === 'npy' && options.out === undefined)
    command.error('error: the npy format is binary and has a file of ids beside it: say where with --out FILE');
  await withApp(options, async (session) => {
    const { model, rows } = await session.app.services.export.vectors(spaceOrModelId);
    const watched = watch(rows, session);
    if (options.out === undefined) {
      for await (const piece of text(watched, model, options)) await session.terminal.data(piece);
      return;
    }
    if (options.format === 'npy') await writeNpy(watched, model, options.out);
    else
      await writeWhole(options.out, async (file) => {
        for await (const piece of text(watched, model, options)) await write(file, piece);
      });
    session.terminal.say(
      `${number(model.vectors)} vectors of ${model.id} (${model.dimension} dimensions) are in ${options.out}`,
    );
  });
}

function text(rows: AsyncIterable<VectorRow>, model: Model, { format }: ExportOptions): AsyncIterable<string> {
  return format === 'csv' ? csv(rows, model.dimension) : ndjson(rows);
}

async function* watch(rows: AsyncIterable<VectorRow>, { signal }: Session): AsyncGenerator<VectorRow> {
  for await (const row of rows) {
    if (signal.aborted) throw new CancelledError('The export');
    yield row;
  }
}

async function writeNpy(rows: AsyncIterable<VectorRow>, model: Model, path: string): Promise<void> {
  await writeWhole(`${path}.ids.ndjson`, (ids) =>
    writeWhole(path, async (file) => {
      await write(file, npyHeader(model.vectors, model.dimension));
      for await (const { id, vector } of rows) {
        await write(file, npyRow(vector));
        await write(ids, `${JSON.stringify(id)}\n`);
      }
    }),
  );
}

async function write(file: WriteStream, piece: string | Buffer): Promise<void> {
  if (!file.write(piece)) await once(file, 'drain');
}

/** Under another name until it is whole: nobody finds half a file where they asked for one. */
async function writeWhole(path: string, fill: (file: WriteStream) => Promise<void>): Promise<void> {
  const part = `${path}.part`;
  const file = createWriteStream(part);
  try {
    await once(file, 'open');
    await fill(file);
    file.end();
    await finished(file);
    await rename(part, path);
  } catch (error) {
    file.destroy();
    await rm(part, { force: true });
    throw error;
  }
}
