import fc from 'fast-check';
import { hexDump, shortText, valueText } from '../../src/cli/value-text';

const CONTROL = /[\p{Cc}\u2028\u2029]/u;

describe('the value of a stranger as text', () => {
  it('is indented where it is JSON', () => {
    expect(valueText(Buffer.from('{"a":[1,{"b":"ä"}]}'))).toEqual({
      kind: 'JSON',
      text: '{\n  "a": [\n    1,\n    {\n      "b": "ä"\n    }\n  ]\n}',
    });
  });

  it('is text with escapes where it is none', () => {
    expect(valueText(Buffer.from('{"a": \u001b[2J'))).toEqual({ kind: 'text', text: '{"a": \\u001b[2J' });
    expect(valueText(Buffer.from('one\r\ntwo'))).toEqual({ kind: 'text', text: 'one\\u000d\ntwo' });
  });

  it('is a hex dump where it is no text', () => {
    const { kind, text } = valueText(Buffer.from([0xff, 0x00, 0x41, ...Array(14).fill(0x1b)]));
    expect(kind).toBe('binary');
    expect(text.split('\n')).toEqual([
      '00000000  ff 00 41 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b  |..A.............|',
      '00000010  1b                                               |.|',
    ]);
  });

  it('is nothing where there is none', () => {
    expect(valueText(null)).toEqual({ kind: 'nothing', text: '' });
    expect(shortText(null)).toBe('(none)');
    expect(shortText(Buffer.from([0xff, 0xfe]))).toBe('0xfffe');
    expect(shortText(Buffer.from('a\nb'))).toBe('a\\u000ab');
  });

  it('never commands the terminal', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(text)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(JSON.stringify({ [text]: text }))),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        const value = Buffer.from(given);
        for (const line of [...valueText(value).text.split('\n'), shortText(value)]) expect(line).not.toMatch(CONTROL);
      }),
    );
  });

  it('shows every byte in a hex dump', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (given) => {
        const hex = hexDump(Buffer.from(given))
          .split('\n')
          .map((line) => line.slice(10, 58).replaceAll(' ', ''))
          .join('');
        expect(hex).toBe(Buffer.from(given).toString('hex'));
      }),
    );
  });
});
