/** Arbitrary raw records: mostly usable values, with every kind of trouble mixed in. */
import fc from 'fast-check';
import { STREAM_FIELDS } from '../../src/domain/decoding';
import type { StreamName } from '../../src/domain/events';

const trouble = fc.constantFrom<unknown>(
  undefined,
  null,
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\\N',
  '\\.',
  'tab\tline\nreturn\rback\\slash',
  'x'.repeat(513),
  'é'.repeat(300),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -0,
  1e300,
  1e16,
  9_999_999_999_999_998,
  5e-324,
  {},
  [],
  true,
  '2021-02-30',
  '99999-01-01T00:00:00Z',
  { deep: { er: 1 } },
  { '\0': 1 },
  { a: '\ud800' },
  { a: 'line\nbreak\\', 'ü"': null, n: 1e-7, b: true },
);

const usable: Record<string, fc.Arbitrary<unknown>> = {
  occurredAt: fc.oneof(
    fc
      .date({ min: new Date('1850-01-01'), max: new Date('2250-01-01'), noInvalidDate: true })
      .map((at) => at.toISOString()),
    fc.integer({ min: -3e12, max: 8e12 }),
  ),
  amount: fc.oneof(fc.double(), fc.double({ min: -1e6, max: 1e6 }).map(String), fc.constant('12.50')),
  value: fc.oneof(fc.double(), fc.double().map(String)),
  weight: fc.double({ min: 0 }),
  removed: fc.constantFrom(true, false, '1', '0'),
  isFraud: fc.constantFrom(true, false, '1', 'TRUE', 0),
  currency: fc.constantFrom('EUR', 'usd', 'EURO'),
  country: fc.constantFrom('DE', 'fr', 'Germany'),
  attributes: fc.dictionary(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null)),
    { maxKeys: 4 },
  ),
};
usable.decidedAt = usable.occurredAt;

const word = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), fc.constantFrom('a', 'b', 'c'));

export function rawRecord(stream: StreamName): fc.Arbitrary<Record<string, unknown>> {
  const { required, optional } = STREAM_FIELDS[stream];
  const fields = [...required, ...optional].map((field) => [
    field,
    fc.oneof({ weight: 30, arbitrary: usable[field] ?? word }, { weight: 1, arbitrary: trouble }),
  ]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] }) as fc.Arbitrary<
    Record<string, unknown>
  >;
}
