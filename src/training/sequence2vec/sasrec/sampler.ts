/** Draws the things that stand for all others in a training step's softmax. */
import { buildAliasTable, drawFrom } from '../../kernels/alias';
import { Random } from '../../kernels/random';
import type { SasrecOptions } from './options';

/**
 * Things are drawn in proportion to their frequency to this power: between 1, under which the rare are hardly ever pushed
 * away, and 0, under which the sample hardly holds what the softmax gives its chances to.
 */
const EXPONENT = 0.5;
const SAMPLE_STREAM = 0x5eed_0023;

export class Sampler {
  /** Things a step; 0 where all of them are taken. */
  readonly size: number;
  private readonly table: Uint32Array;
  private readonly logExpected: Float32Array;

  constructor(
    frequencies: Uint32Array,
    private readonly options: Pick<SasrecOptions, 'samples' | 'seed'>,
  ) {
    const size = options.samples < frequencies.length ? options.samples : 0;
    const weights = Float64Array.from(frequencies, (frequency) => frequency ** EXPONENT);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.size = size;
    this.table = buildAliasTable(weights);
    this.logExpected = Float32Array.from(weights, (weight) => Math.log((size * weight) / total));
  }

  /** What the next steps are given, which follows from the seed and their numbers alone. */
  draw(stepsDone: number, steps: number): Record<string, Int32Array | Float32Array> {
    if (this.size === 0) return {};
    const sample = new Int32Array(steps * this.size);
    for (let step = 0; step < steps; step++) {
      const random = Random.seeded(this.options.seed, SAMPLE_STREAM, stepsDone + step);
      for (let i = 0; i < this.size; i++) sample[step * this.size + i] = drawFrom(this.table, random);
    }
    return { sample, logExpected: Float32Array.from(sample, (thing) => this.logExpected[thing]) };
  }
}
