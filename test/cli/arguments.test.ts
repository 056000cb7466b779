import { InvalidArgumentError } from 'commander';
import { collectSetting, parseCount, parseMoment, parsePort } from '../../src/cli/arguments';

describe('words typed at the terminal', () => {
  it.each([
    ['2026-06-01', '2026-06-01T00:00:00.000Z'],
    ['2026-06-01T08:30', '2026-06-01T08:30:00.000Z'],
    ['2026-06-01T08:30:15.5Z', '2026-06-01T08:30:15.500Z'],
    ['2026-06-01T08:30:00+02:00', '2026-06-01T06:30:00.000Z'],
    ['1780272000000', '2026-06-01T00:00:00.000Z'],
  ])('read %s as a moment', (text, iso) => {
    expect(parseMoment(text).toISOString()).toBe(iso);
  });

  it.each(['yesterday', '2026-13-01', '2026-06-31T99:00', '06/01/2026', '', '12'])(
    'refuse "%s" as a moment',
    (text) => {
      expect(() => parseMoment(text)).toThrow(InvalidArgumentError);
    },
  );

  it('collect settings, keep what follows the first equals sign, and refuse a second value', () => {
    const once = collectSetting('hiddenLayers=100,20,100');
    expect(collectSetting('note=a=b', once)).toEqual({ hiddenLayers: '100,20,100', note: 'a=b' });
    expect(() => collectSetting('hiddenLayers=1', once)).toThrow(/set twice/);
    expect(() => collectSetting('dimension')).toThrow(InvalidArgumentError);
    expect(() => collectSetting('=3')).toThrow(InvalidArgumentError);
  });

  it.each(['0', '-1', '101', '1.5', 'ten', ''])('refuse "%s" as a count', (text) => {
    expect(() => parseCount(text)).toThrow(InvalidArgumentError);
  });

  it.each(['-1', '65536', '80.5', 'http'])('refuse "%s" as a port', (text) => {
    expect(() => parsePort(text)).toThrow(InvalidArgumentError);
  });

  it('read counts and ports', () => {
    expect(parseCount('100')).toBe(100);
    expect(parsePort('0')).toBe(0);
  });
});
