/** How questions typed at the terminal are read, and how answers are laid out. */
import fc from 'fast-check';
import { termsOf } from '../../src/cli/analogy';
import { collectIds } from '../../src/cli/arguments';
import { sideBySide } from '../../src/cli/compare';
import { parseEvents } from '../../src/cli/sequence-events';
import type { Model } from '../../src/domain/model';

describe('terms of an analogy', () => {
  test.each([
    ['a - b + c', { plus: ['a', 'c'], minus: ['b'] }],
    ['a', { plus: ['a'], minus: [] }],
    ['a + b', { plus: ['a', 'b'], minus: [] }],
  ])('%s', (text, wanted) => {
    expect(termsOf(text.split(' '), {})).toEqual(wanted);
  });

  test('join those of the options', () => {
    expect(termsOf(['a', '-', 'b'], { plus: ['c'] })).toEqual({ plus: ['c', 'a'], minus: ['b'] });
    expect(termsOf([], { plus: ['+'], minus: ['-'] })).toEqual({ plus: ['+'], minus: ['-'] });
  });

  test.each(['a -', '- a', 'a b', 'a - - b', '+'])('are refused in "%s"', (text) => {
    expect(() => termsOf(text.split(' '), {})).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  test('are refused where nothing is added', () => {
    expect(() => termsOf([], { minus: ['a'] })).toThrow('nothing to add up');
  });
});

describe('ids', () => {
  test('are separated by commas, or a JSON list, and collect', () => {
    expect(collectIds('a, b')).toEqual(['a', 'b']);
    expect(collectIds('["a,b", "[c"]', ['d'])).toEqual(['d', 'a,b', '[c']);
  });

  test('of any kind come through a JSON list as they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (ids) => {
        expect(collectIds(JSON.stringify(ids))).toEqual(ids);
      }),
    );
  });

  test.each(['[', '[1]', '[null]', '["a"'])('are refused in %s', (text) => {
    expect(() => collectIds(text)).toThrow('JSON list');
  });
});

describe('events of a file', () => {
  const event = { thing: 'm1', occurredAt: '2026-03-01T09:30:00Z', amount: 12.5, categories: { channel: 'web' } };
  const read = {
    thing: 'm1',
    occurredAt: new Date('2026-03-01T09:30:00Z'),
    amount: 12.5,
    categories: [{ name: 'channel', value: 'web' }],
  };

  test('are a list or one a line', () => {
    const bare = { thing: 'm2', categories: [] };
    expect(parseEvents(JSON.stringify([event, { thing: 'm2' }]))).toEqual([read, bare]);
    expect(parseEvents(`${JSON.stringify(event)}\n\n{"thing":"m2"}\n`)).toEqual([read, bare]);
    expect(parseEvents(JSON.stringify({ thing: 'm1', occurredAt: 1_772_357_400_000 }))[0].occurredAt).toEqual(
      read.occurredAt,
    );
    expect(parseEvents('')).toEqual([]);
    expect(parseEvents('[]')).toEqual([]);
  });

  test.each([
    ['events[0]', '{'],
    ['events[1]', '{"thing":"a"}\n{"thing":'],
    ['events[0]', '"text"'],
    ['events[0].thing', '{"thing":1}'],
    ['events[1]', '[{"thing":"a"},{"thing":"b","price":1}]'],
    ['events[0].occurredAt', '{"thing":"a","occurredAt":"yesterday"}'],
    ['events[0].amount', '{"thing":"a","amount":"12"}'],
    ['events[0].amount', '{"thing":"a","amount":1e999}'],
    ['events[0].categories.channel', '{"thing":"a","categories":{"channel":7}}'],
  ])('are refused by the path %s in %s', (field, text) => {
    expect(() => parseEvents(text)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', field }));
  });
});

test('a comparison marks what several models name, and fills short columns', () => {
  const model = (id: string) => ({ id }) as Model;
  const entry = (id: string, title?: string) => ({ id, score: 0.5, title, frequency: 1, band: 'LOW' });
  const text = sideBySide([
    { model: model('items-1'), entries: [entry('a', 'Anna'), entry('b')] },
    { model: model('items-2'), entries: [entry('b')] },
  ]);
  expect(text).toBe('   items-1     items-2\n1  0.500 Anna  0.500 b *\n2  0.500 b *\n');
});
