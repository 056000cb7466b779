import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { StreamName, StreamRecord } from '../../src/domain/events';
import { EPOCH_MILLIS } from '../../src/domain/times';
import type { Rejection } from '../../src/services/ingestion';
import { REJECTED_CHARACTERS, type RecordFileOptions, readRecords } from '../../src/streaming/record-files';
import { openSource } from '../../src/streaming/source';
import { MAX_LINE_BYTES } from '../../src/streaming/text-blocks';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindred-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read<S extends StreamName>(
  stream: S,
  file: { name: string; content: string | Buffer },
  options: Partial<Omit<RecordFileOptions, 'mapping'>> & {
    map?: Record<string, string>;
    constant?: Record<string, string>;
  } = {},
): Promise<{ records: StreamRecord[S][]; rejections: Rejection[] }> {
  const path = join(folder, file.name);
  writeFileSync(path, file.content);
  const { map = {}, constant = {}, ...rest } = options;
  const records: StreamRecord[S][] = [];
  const rejections: Rejection[] = [];
  const mapping = { columns: map, constants: constant };
  for await (const batch of readRecords(stream, await openSource(path), { times: EPOCH_MILLIS, ...rest, mapping })) {
    records.push(...batch.records);
    rejections.push(...batch.rejections);
  }
  return { records, rejections };
}

const at = new Date('2026-01-01T00:00:00Z');
const tie = { userId: 'a', friendId: 'b', occurredAt: at, kind: 'friend', weight: 1, removed: false };

describe('A file of records', () => {
  it.each([
    ['ties.csv', 'userId,friendId,occurredAt\na,b,2026-01-01\n'],
    ['ties.tsv', 'userId\tfriendId\toccurredAt\r\nb\ta\t1767225600000\r\n'],
    ['ties.ndjson', '{"userId":"a","friendId":"b","occurredAt":"2026-01-01","unknown":[]}\n\n'],
    ['marked.csv', '\ufeffuserId,friendId,occurredAt\na,b,2026-01-01'],
  ])('says the same as %s, plain and gzip', async (name, content) => {
    expect((await read('relations', { name, content })).records).toEqual([tie]);
    const packed = gzipSync(content);
    expect((await read('relations', { name: `${name}.gz`, content: packed })).records).toEqual([tie]);
    // Told by its bytes, not its name; several gzip members are one text.
    const half = Math.floor(content.length / 2);
    const members = Buffer.concat([gzipSync(content.slice(0, half)), gzipSync(content.slice(half))]);
    expect((await read('relations', { name, content: members })).records).toEqual([tie]);
  });

  it('maps columns and constants, in any delimiter, with or without a header', async () => {
    const options = { map: { userId: 'source', friendId: 'target' }, constant: { occurredAt: '2026-01-01' } };
    const csv = { name: 'edges.csv', content: 'source,target,weight\na,b,2\n' };
    expect((await read('relations', csv, options)).records).toEqual([{ ...tie, weight: 2 }]);
    const bare = { name: 'edges.data', content: 'a|b\n' };
    const columns = ['source', 'target'];
    const given = await read('relations', bare, { ...options, format: 'csv', delimiter: '|', columns });
    expect(given.records).toEqual([tie]);
  });

  it('takes single columns as attributes, with numbers as numbers', async () => {
    const csv = { name: 'items.csv', content: 'id,year,code,adult,note\n1,1995,0042,true,\n2,,,,\n' };
    const map = {
      itemId: 'id',
      'attributes.year': 'year',
      'attributes.code': 'code',
      'attributes.adult': 'adult',
      'attributes.note': 'note',
    };
    const { records } = await read('items', csv, { map });
    expect(records.map(({ attributes }) => attributes)).toEqual([{ year: 1995, code: '0042', adult: true }, undefined]);
    const json = { name: 'items.ndjson', content: '{"id":7,"about":{"year":1995}}\n' };
    const nested = await read('items', json, { map: { itemId: 'id', 'attributes.year': 'about.year' } });
    expect(nested.records).toEqual([expect.objectContaining({ itemId: '7', attributes: { year: 1995 } })]);
  });

  it('lands the good rows and tells each bad one by line and reason', async () => {
    const long = 'x'.repeat(MAX_LINE_BYTES + 10);
    const content = Buffer.concat([
      Buffer.from('userId,friendId,occurredAt\na,b,2026-01-01\n,b,2026-01-01\na,b,soon\n'),
      Buffer.from([0x61, 0xff, 0x2c, 0x62, 0x2c, 0x31, 0x0a]), // a\xff,b,1
      Buffer.from(`${long}\n"open,b,2026-01-01\na\0,b,2026-01-01\n"c\nd",b,2026-01-01\nc,b,2026-01-01\n`),
    ]);
    const { records, rejections } = await read('relations', { name: 'mixed.csv', content });
    expect(records.map(({ userId, friendId }) => [userId, friendId])).toEqual([
      ['a', 'b'],
      ['b', 'c\nd'],
      ['b', 'c'],
    ]);
    expect(rejections.map(({ line, field, reason }) => [line, field, reason])).toEqual([
      [3, 'userId', 'userId is missing'],
      [4, 'occurredAt', 'occurredAt should be an ISO 8601 time or a number, not "soon"'],
      [5, undefined, 'the line is not valid UTF-8'],
      [6, undefined, 'the line is too long'],
      [7, undefined, 'the line has a quote that is not closed'],
      [8, undefined, 'the line contains a NUL character'],
    ]);
    expect(rejections[1].text).toBe('a,b,soon');
    for (const { text } of rejections) expect(text.length).toBeLessThanOrEqual(REJECTED_CHARACTERS);
  });

  it('tells bad lines of NDJSON too', async () => {
    const content =
      '{"userId":"a"\n[1]\n\n{"userId":"a","friendId":"b","occurredAt":0}\n"text"\n{"userId":"a\\u0000","friendId":"b","occurredAt":0}';
    const { records, rejections } = await read('relations', { name: 'mixed.jsonl', content });
    expect(records).toHaveLength(1);
    expect(rejections.map(({ line, reason }) => [line, reason.slice(0, 22)])).toEqual([
      [1, 'the line is not JSON: '],
      [2, 'the line is not a JSON'],
      [5, 'the line is not a JSON'],
      [6, 'userId contains a NUL '],
    ]);
  });

  it('refuses a mapping that does not fit, and lists what would', async () => {
    const csv = { name: 'fit.csv', content: 'source,target\na,b\n' };
    const reading = (map: Record<string, string>) => read('relations', csv, { map });
    await expect(reading({ userId: 'from' })).rejects.toThrow(/columns are source, target/);
    await expect(reading({ userId: 'source' })).rejects.toMatchObject({ field: 'friendId', code: 'BAD_USER_INPUT' });
    await expect(reading({ user: 'source' })).rejects.toMatchObject({
      remedy: expect.stringContaining('userId, friendId'),
    });
    await expect(read('relations', { name: 'fit.data', content: '' })).rejects.toMatchObject({ field: 'format' });
  });

  it('says so when a file is absent, cut off or UTF-16', async () => {
    const cut = gzipSync(`userId,friendId,occurredAt\n${'a,b,2026-01-01\n'.repeat(1_000)}`).subarray(0, 60);
    const unreadable = { code: 'SOURCE_UNREADABLE' };
    await expect(read('relations', { name: 'cut.csv.gz', content: cut })).rejects.toMatchObject(unreadable);
    const wide = Buffer.from('\ufeffuserId', 'utf16le');
    await expect(read('relations', { name: 'wide.csv', content: wide })).rejects.toMatchObject(unreadable);
    await expect(openSource(join(folder, 'absent.csv'))).rejects.toMatchObject(unreadable);
    await expect(openSource(folder)).rejects.toMatchObject(unreadable);
  });
});
