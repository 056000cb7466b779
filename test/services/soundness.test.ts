import { refuseUnsound } from '../../src/services/soundness';
import type { NewModel } from '../../src/stores/models';
import { embedding } from './test-store';

const model = () => embedding({ ids: ['hat', 'cap', 'tie'], dimension: 2 });

describe('a model that nobody could use', () => {
  test('is not refused while it is sound', () => {
    expect(() => refuseUnsound(model())).not.toThrow();
    const { rows, ...rest } = model();
    expect(() => refuseUnsound({ ...rest, rows: { ...rows, output: undefined } })).not.toThrow();
  });

  const faults: Record<string, (rows: NewModel['rows']) => unknown> = {
    'vector of "cap"': ({ input }) => input.fill(Number.NaN, 3, 4),
    'output vector of "tie"': ({ output }) => output!.vectors.fill(Number.POSITIVE_INFINITY, 4, 5),
    'bias of "cap"': ({ output }) => output!.bias.fill(Number.NaN, 1, 2),
  };

  test.each(Object.keys(faults))('is refused where the %s is not finite', (what) => {
    const spoilt = model();
    faults[what](spoilt.rows);
    expect(() => refuseUnsound(spoilt)).toThrow(
      expect.objectContaining({
        code: 'TRAINING_FAILED',
        message: expect.stringContaining(what),
        remedy: expect.stringContaining('learningRate'),
      }),
    );
  });

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
