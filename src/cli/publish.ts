/** `kindred publish`: reads files of events and sends them to their topic, as a company's own systems would. */
import { Command, InvalidArgumentError } from 'commander';
import { STREAMS, type StreamName } from '../domain/events';
import { InputError, KindredError } from '../errors';
import { ensureTopics, inputTopic } from '../streaming/kafka/topics';
import { type PublishCounts, publish as publishAll, rawMessages, recordMessages } from '../streaming/publishing';
import { type RecordFileOptions, readRecords } from '../streaming/record-files';
import { openSource, type Source } from '../streaming/source';
import {
  fieldsText,
  openSources,
  parseStream,
  type ReadingOptions,
  readingOf,
  rejectsPath,
  withReadingOptions,
} from './ingest-options';
import { type KafkaSession, withKafka } from './kafka-session';
import { RejectsFile } from './rejects-file';
import { number } from './terminal';

interface PublishVerbOptions extends ReadingOptions {
  raw?: boolean;
  rate?: number;
  json?: boolean;
}

export function publishCommand(): Command {
  return withReadingOptions(
    new Command('publish')
      .description("send events from files to their stream's topic in Kafka")
      .argument('<stream>', STREAMS.join(', '), parseStream)
      .argument('<file...>', 'files to read: CSV, TSV or NDJSON, plain or gzip; - is standard input'),
  )
    .option('--raw', 'send each line as it is, valid or not, to see what becomes of it')
    .option('--rate <n>', 'records a second (default: as fast as Kafka acknowledges)', parseRate)
    .option('--json', 'one JSON object: sent and rejected counts, and seconds')
    .addHelpText('after', helpText)
    .action(publish);
}

const helpText = `
${fieldsText}

Kafka is named by KAFKA_BROKERS, the topic by the stream: kindred.interactions and so on (KAFKA_TOPIC_PREFIX). The key is what keeps
one entity's records in order: userId, accountId, itemId or transactionId. Rows that are no valid record go to the
rejects file, with line and reason. Sending a file twice is harmless: whoever takes the records in knows them by their ids.

Examples:
  KAFKA_BROKERS=localhost:9092 kindred publish interactions plays.csv.gz --constant action=play
  kindred publish transactions payments.ndjson --rate 500
  echo 'no JSON at all' | kindred publish labels - --raw`;

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0) || rate > 10_000_000)
    throw new InvalidArgumentError('It should be a number above 0: records a second.');
  return rate;
}

interface Work {
  sources: readonly Source[];
  /** Undefined for raw lines. */
  reading?: RecordFileOptions;
  rejects: RejectsFile;
  rate?: number;
}

async function publish(stream: StreamName, files: string[], options: PublishVerbOptions): Promise<void> {
  if (options.raw && (options.map || options.constant || options.columns || options.delimiter || options.format))
    throw new InputError('raw', 'Raw lines go out as they are, so there is nothing to map or to take apart.', {
      remedy: 'Leave out --raw, or the options that say how rows are read.',
    });
  // What is wrong with the call is said before Kafka is asked.
  const reading = options.raw ? undefined : readingOf(stream, options);
  const sources = reading ? await openSources(files, options) : await Promise.all(files.map(openSource));
  const rejects = new RejectsFile(rejectsPath(stream, options));
  await withKafka(async (session) => {
    const startedAt = Date.now();
    const counts = await publishSources(stream, { sources, reading, rejects, rate: options.rate }, session);
    const seconds = (Date.now() - startedAt) / 1_000;
    const topic = inputTopic(session.settings, stream);
    const rejectsFile = rejects.exists ? rejects.path : null;
    await session.terminal.data(
      options.json
        ? `${JSON.stringify({ stream, topic, files, ...counts, rejectsFile, seconds })}\n`
        : `${topic}: ${countsText(counts)}\n`,
    );
    tellRejected(counts, rejectsFile, session);
  });
}

async function publishSources(
  stream: StreamName,
  { sources, reading, rejects, rate }: Work,
  { kafka, settings, terminal, signal }: KafkaSession,
): Promise<PublishCounts> {
  const topic = inputTopic(settings, stream);
  await ensureTopics(kafka, settings, [topic]);
  const producer = kafka.producer();
  const progress = terminal.progress(`publish ${stream}`);
  const total = sources.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const startedAt = Date.now();
  let before: PublishCounts = { sent: 0, rejected: 0 };
  let sofar = before;
  let bytesBefore = 0;
  try {
    for (const source of sources) {
      const batches = reading
        ? recordMessages(stream, readRecords(stream, source, reading))
        : rawMessages(stream, source);
      const counts = await publishAll(batches, {
        producer,
        topic,
        rate,
        signal,
        onRejected: (rejections) => rejects.write(source.name, rejections),
        onProgress: (inFile, bytes) => {
          sofar = { sent: before.sent + inFile.sent, rejected: before.rejected + inFile.rejected };
          const perSecond = Math.round((1_000 * sofar.sent) / Math.max(Date.now() - startedAt, 1));
          const phase = `${number(sofar.sent)} records, ${number(perSecond)} records/s`;
          progress.report({ phase, done: bytesBefore + bytes, total });
        },
      });
      before = { sent: before.sent + counts.sent, rejected: before.rejected + counts.rejected };
      bytesBefore += source.bytesRead();
    }
    progress.finish(`${number(before.sent)} records`);
    return before;
  } catch (error) {
    progress.abandon();
    if (sofar.sent > 0)
      terminal.say(
        `Until then: ${countsText(sofar)}. Sending the files again is harmless: records are known by their ids.`,
      );
    throw error;
  } finally {
    await rejects.close();
    await producer.close();
  }
}

function tellRejected({ sent, rejected }: PublishCounts, rejectsFile: string | null, { terminal }: KafkaSession): void {
  if (rejectsFile) terminal.say(`Rejected rows, with line and reason: ${rejectsFile}`);
  if (sent + rejected === 0) terminal.say('The files have no rows.');
  else if (sent === 0)
    throw new KindredError('NOTHING_ACCEPTED', 'Every row was rejected.', {
      remedy: `Look at the reasons in ${rejectsFile}; a wrong --map, --time-unit or --delimiter rejects all rows alike. --raw sends them anyway.`,
      facts: { rejected },
    });
}

const countsText = ({ sent, rejected }: PublishCounts): string => `${number(sent)} sent, ${number(rejected)} rejected`;
