import { refuseUnsound } from '../../src/services/soundness';
import { embedding } from './test-store';

const model = () => embedding({ ids: ['hat', 'cap', 'tie'], dimension: 2 });

describe('a model that nobody could use', () => {
  test('is not refused while it is sound', () => {
    expect(() => refuseUnsound(model())).not.toThrow();
    const { rows, ...rest } = model();
    expect(() => refuseUnsound({ ...rest, rows: { ...rows, output: undefined } })).not.toThrow();
  });

  test.each([
    ['vector of "cap"', (rows: ReturnType<typeof model>['rows']) => rows.input.fill(Number.NaN, 3, 4)],
    ['output vector of "tie"', ({ output }) => output!.vectors.fill(Number.POSITIVE_INFINITY, 4, 5)],
    ['bias of "cap"', ({ output }) => output!.bias.fill(Number.NaN, 1, 2)],
  ] as const)(
    'is refused where the %s is not finite',
    (what, spoil: (rows: ReturnType<typeof model>['rows']) => unknown) => {
      const spoilt = model();
      spoil(spoilt.rows);
      expect(() => refuseUnsound(spoilt)).toThrow(
        expect.objectContaining({
          code: 'TRAINING_FAILED',
          message: expect.stringContaining(what),
          remedy: expect.stringContaining('learningRate'),
        }),
      );
    },
  );

  test('is refused where an artifact is more than the store can hold', () => {
    // The system gives no memory for what is never touched.
    const artifacts = { 'table.f32': new Uint8Array(1_000_000_001) };
    expect(() => refuseUnsound({ ...model(), artifacts })).toThrow(
      expect.objectContaining({ code: 'MODEL_TOO_LARGE', message: expect.stringContaining('table.f32') }),
    );
  });

  test('is refused where its vectors have more dimensions than a column can', () => {
    const long = { ...model().rows, ids: [], dimension: 16_000, input: new Float32Array(0), output: undefined };
    expect(() => refuseUnsound({ ...model(), rows: long })).toThrow(
      expect.objectContaining({ code: 'MODEL_TOO_LARGE' }),
    );
  });
});
