/** `kindred ingest`: reads files of events into the store. */
import { Command } from 'commander';
import { STREAMS, type StreamName } from '../domain/events';
import { KindredError } from '../errors';
import type { IngestCounts } from '../services/ingestion';
import { type RecordFileOptions, readRecords } from '../streaming/record-files';
import type { Source } from '../streaming/source';
import {
  fieldsText,
  type IngestOptions,
  openSources,
  parseStream,
  readingOf,
  rejectsPath,
  withReadingOptions,
} from './ingest-options';
import { RejectsFile } from './rejects-file';
import { type Session, withApp, withStoreOption } from './session';
import { number } from './terminal';

export function ingestCommand(): Command {
  return withReadingOptions(
    withStoreOption(
      new Command('ingest')
        .description('read events from files: CSV, TSV or NDJSON, plain or gzip')
        .argument('<stream>', STREAMS.join(', '), parseStream)
        .argument('<file...>', 'files to read; - is standard input'),
    ),
  )
    .option('--json', 'one JSON object: accepted, rejected and duplicate counts')
    .addHelpText('after', helpText)
    .action(ingest);
}

const helpText = `
${fieldsText}

Rows go in by batches, each of which is kept whole. Ingesting a file again adds nothing that is there, so an interrupted run is
simply run again. Rejected rows go to a file with line and reason; the others are kept, and the exit code is 0 unless all
were rejected or a file could not be read.

Examples:
  kindred ingest interactions plays.csv.gz --map userId=USER,itemId=SONG,occurredAt=TIME --constant action=play
  kindred ingest relations edges.csv --map userId=source,friendId=target --constant occurredAt=2020-01-01T00:00:00Z
  kindred ingest transactions tx_*.csv.gz --map transactionId=ID,accountId=CARD,merchantId=SHOP,amount=AMOUNT,occurredAt=SECONDS \\
    --constant currency=EUR --time-unit s --time-origin 2018-04-01T00:00:00Z
  kindred ingest items films.psv --format csv --delimiter '|' --map itemId=id,attributes.year=year`;

interface Outcome extends IngestCounts {
  seconds: number;
}

async function ingest(stream: StreamName, files: string[], options: IngestOptions): Promise<void> {
  // What is wrong with the call is said before the store is opened.
  const reading = readingOf(stream, options);
  const sources = await openSources(files, options);
  const rejects = new RejectsFile(rejectsPath(stream, options));
  await withApp(options, async (session) => {
    const outcome = await ingestAll(stream, sources, { reading, rejects, session });
    await tellOutcome(stream, outcome, { files, rejects, session, json: options.json ?? false });
  });
}

async function ingestAll(
  stream: StreamName,
  sources: readonly Source[],
  { reading, rejects, session }: { reading: RecordFileOptions; rejects: RejectsFile; session: Session },
): Promise<Outcome> {
  const startedAt = Date.now();
  const seconds = (): number => (Date.now() - startedAt) / 1_000;
  const progress = session.terminal.progress(`ingest ${stream}`);
  const totalBytes = sources.reduce((sum, { size }) => sum + (size ?? 0), 0);
  let before: IngestCounts = { accepted: 0, duplicates: 0, rejected: 0 };
  let bytesBefore = 0;
  let sofar = before;
  try {
    for (const source of sources) {
      const counts = await session.app.services.ingestion.ingest(stream, readRecords(stream, source, reading), {
        signal: session.signal,
        onRejected: (rejections) => rejects.write(source.name, rejections),
        onProgress: (inFile, bytes) => {
          sofar = sum(before, inFile);
          const rate = Math.round(rowsOf(sofar) / Math.max(seconds(), 0.001));
          const phase = `${number(rowsOf(sofar))} rows, ${number(rate)} rows/s`;
          progress.report({ phase, done: bytesBefore + bytes, total: totalBytes });
        },
      });
      before = sum(before, counts);
      sofar = before;
      bytesBefore += source.bytesRead();
    }
    progress.finish(`${number(rowsOf(before))} rows`);
    return { ...before, seconds: seconds() };
  } catch (error) {
    progress.abandon();
    if (rowsOf(sofar) > 0)
      session.terminal.say(`Until then: ${countsText(sofar)}. These are kept; run it again for the rest.`);
    throw error;
  } finally {
    await rejects.close();
  }
}

async function tellOutcome(
  stream: StreamName,
  outcome: Outcome,
  { files, rejects, session, json }: { files: string[]; rejects: RejectsFile; session: Session; json: boolean },
): Promise<void> {
  const { terminal } = session;
  const { accepted, rejected, duplicates, seconds } = outcome;
  const rejectsFile = rejects.exists ? rejects.path : null;
  if (json)
    await terminal.data(`${JSON.stringify({ stream, files, accepted, rejected, duplicates, rejectsFile, seconds })}\n`);
  else await terminal.data(`${stream}: ${countsText(outcome)}\n`);
  if (rejectsFile) terminal.say(`Rejected rows, with line and reason: ${rejectsFile}`);
  if (rowsOf(outcome) === 0) terminal.say('The files have no rows.');
  else if (rejected === rowsOf(outcome))
    throw new KindredError('NOTHING_ACCEPTED', 'Every row was rejected.', {
      remedy: `Look at the reasons in ${rejectsFile}; a wrong --map, --time-unit or --delimiter rejects all rows alike.`,
      facts: { rejected },
    });
  else if (accepted === 0) terminal.say('Nothing new: the store knew all of it already.');
  else if (rejected > 0) terminal.say('The other rows are in the store.');
}

const rowsOf = ({ accepted, duplicates, rejected }: IngestCounts): number => accepted + duplicates + rejected;

const sum = (a: IngestCounts, b: IngestCounts): IngestCounts => ({
  accepted: a.accepted + b.accepted,
  duplicates: a.duplicates + b.duplicates,
  rejected: a.rejected + b.rejected,
});

const countsText = ({ accepted, rejected, duplicates }: IngestCounts): string =>
  `${number(accepted)} accepted, ${number(rejected)} rejected, ${number(duplicates)} duplicates`;
