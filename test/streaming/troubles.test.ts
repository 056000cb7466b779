import pino from 'pino';
import { KindredError } from '../../src/errors';
import { Troubles } from '../../src/streaming/troubles';

function collecting() {
  const lines: { level: number; reason: string; partitions: number[]; err?: unknown }[] = [];
  const errors: unknown[] = [];
  const recorded: string[] = [];
  const troubles = new Troubles({
    stream: 'labels',
    topic: 'kindred.labels',
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    observer: { onError: (_stream, error) => void errors.push(error) },
    positions: {
      recordError: async ({ topic, partition }, message) => void recorded.push(`${topic}/${partition}: ${message}`),
    },
  });
  return { troubles, lines, errors, recorded };
}

const homes = [
  { topic: 'kindred.labels', partition: 0 },
  { topic: 'kindred.labels', partition: 3 },
];
const WARN = 40;
const DEBUG = 20;

describe('what holds a stream up', () => {
  it('is told, kept beside each partition, and remembered', () => {
    const { troubles, lines, errors, recorded } = collecting();
    expect(troubles.last).toBeUndefined();
    const error = new KindredError('STREAM_POSITION_LOST', 'gone');
    troubles.tell(error, homes);
    expect(lines).toEqual([expect.objectContaining({ level: WARN, reason: 'gone', partitions: [0, 3] })]);
    expect(errors).toEqual([error]);
    expect(recorded).toEqual(['kindred.labels/0: gone', 'kindred.labels/3: gone']);
    expect(troubles.last).toEqual({ message: 'gone', at: expect.any(Date) });
  });

  it('is a warning once a minute, however often it comes, and at once where it is another', () => {
    const { troubles, lines } = collecting();
    const [gone, large] = ['gone', 'too large'].map((text) => new KindredError('STREAM_POSITION_LOST', text));
    for (const error of [gone, gone, gone, large, gone]) troubles.tell(error, homes);
    expect(lines.map(({ level }) => level)).toEqual([WARN, DEBUG, DEBUG, WARN, WARN]);
  });

  it('is not written into a database that does not answer', () => {
    const { troubles, errors, recorded } = collecting();
    troubles.tell(new KindredError('DATABASE_UNAVAILABLE', 'away'), homes);
    expect([errors.length, recorded]).toEqual([1, []]);
  });

  it('has its trace in the log where it has no name, and else has none', () => {
    const { troubles, lines } = collecting();
    troubles.tell(new RangeError('odd'), homes);
    troubles.tell(new KindredError('STREAM_POSITION_LOST', 'gone'), homes);
    expect(lines.map(({ err }) => err !== undefined)).toEqual([true, false]);
  });
});
