import fc from 'fast-check';
import type { AutoencoderModel } from '../../../src/training/autoencoder/model';
import { withThreshold } from '../../../src/training/autoencoder/model';
import { readAutoencoder, writeAutoencoder } from '../../../src/training/autoencoder/model-file';
import { AutoencoderScorer } from '../../../src/training/autoencoder/scorer';
import { autoencoder } from '../../../src/training/autoencoder/trainer';
import { normalTraffic, options } from './sample-traffic';

describe('an autoencoder as bytes', () => {
  let model: AutoencoderModel;
  let bytes: Uint8Array;
  const rows = normalTraffic(20, 5).values;

  beforeAll(async () => {
    model = await autoencoder.train(
      { ...normalTraffic(300), rowsPerDay: 1000 },
      options({ epochs: 2, alertsPerDay: 10 }),
    );
    bytes = writeAutoencoder(model);
  });

  async function errorsOf(one: AutoencoderModel): Promise<Float64Array> {
    const scorer = await AutoencoderScorer.load(one);
    const { errors } = await scorer.score(rows);
    await scorer.close();
    return errors;
  }

  it('comes back whole and scores the same', async () => {
    const back = readAutoencoder(bytes);
    expect(back).toEqual(model);
    expect(await errorsOf(back)).toEqual(await errorsOf(model));
  });

  it('comes back from bytes in the middle of a larger buffer', () => {
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 3);
    expect(readAutoencoder(larger.subarray(3, 3 + bytes.length))).toEqual(model);
  });

  it('is the same bytes when written again', () => {
    expect(Buffer.from(writeAutoencoder(readAutoencoder(bytes))).equals(Buffer.from(bytes))).toBe(true);
  });

  it('keeps a changed threshold', () => {
    const changed = withThreshold(model, { contamination: 0.2 });
    expect(readAutoencoder(writeAutoencoder(changed)).threshold).toEqual(changed.threshold);
    expect(changed.threshold.value).toBe(0.8);
    expect(model.threshold.value).toBeCloseTo(0.99, 12);
  });

  it('is refused when any byte changed or any part is missing', () => {
    const corrupt = expect.objectContaining({ code: 'MODEL_CORRUPT' });
    const attempt = (damaged: Uint8Array) => {
      try {
        return readAutoencoder(damaged);
      } catch (error) {
        return error;
      }
    };
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at] ^= change;
        expect(attempt(damaged)).toEqual(corrupt);
        expect(attempt(bytes.slice(0, at))).toEqual(corrupt);
      }),
    );
  });
});
