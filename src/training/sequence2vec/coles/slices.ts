/**
 * Slices of sequences, as CoLES draws them (Babaev et al. 2022, section 3.3): a few stretches of neighbouring events from
 * each sequence of a batch, of random length and place; they may overlap. Which sequences share a batch is shuffled anew
 * each epoch, and an epoch's draws depend on the seed and its number alone, so that a resumed run draws the same.
 */
import { KindredError } from '../../../errors';
import { Random } from '../../kernels/random';
import { NO_EVENT } from '../event-inputs';
import type { EventSequences } from '../event-sequences';

export interface SliceOptions {
  /** Slices of each sequence in a batch. */
  readonly slices: number;
  /** Events of a slice, at least and at most. */
  readonly sliceLengthMin: number;
  readonly sliceLengthMax: number;
  /** Sequences in a batch, at most. */
  readonly batchSize: number;
  readonly seed: number;
}

export class SliceSource {
  /** The sequences long enough to be cut. */
  private readonly usable: Int32Array;
  /** Sequences in each batch. */
  readonly sequencesPerBatch: number;
  readonly batchesPerEpoch: number;

  /** @throws KindredError EMPTY_CORPUS where fewer than two sequences are long enough */
  constructor(
    private readonly sequences: Pick<EventSequences, 'offsets'>,
    private readonly options: SliceOptions,
  ) {
    const { offsets } = sequences;
    const least = Math.max(2, options.sliceLengthMin);
    this.usable = Int32Array.from({ length: offsets.length - 1 }, (_, sequence) => sequence).filter(
      (sequence) => offsets[sequence + 1] - offsets[sequence] >= least,
    );
    if (this.usable.length < 2) throw tooShort(offsets, this.usable.length, least);
    this.sequencesPerBatch = Math.min(options.batchSize, this.usable.length);
    // The rest of an epoch that fills no batch is not left out for good: the next epoch is shuffled anew.
    this.batchesPerEpoch = Math.floor(this.usable.length / this.sequencesPerBatch);
  }

  /** Slices of one batch. */
  get rows(): number {
    return this.sequencesPerBatch * this.options.slices;
  }

  get usableSequences(): number {
    return this.usable.length;
  }

  /**
   * The batches of an epoch, at most `most` at a time.
   * @returns (batches, rows, sliceLengthMax) each: numbers of events, NO_EVENT before them, so that the newest is always last
   */
  *epoch(number: number, most: number): Generator<Int32Array> {
    const random = Random.seeded(this.options.seed, number);
    const order = random.shuffle(this.usable.slice());
    for (let batch = 0; batch < this.batchesPerEpoch; batch += most) {
      const end = Math.min(this.batchesPerEpoch, batch + most) * this.sequencesPerBatch;
      yield this.draw(order.subarray(batch * this.sequencesPerBatch, end), random);
    }
  }

  private draw(taken: Int32Array, random: Random): Int32Array {
    const { slices, sliceLengthMin, sliceLengthMax } = this.options;
    const { offsets } = this.sequences;
    const drawn = new Int32Array(taken.length * slices * sliceLengthMax).fill(NO_EVENT);
    let end = 0;
    for (const sequence of taken) {
      const events = offsets[sequence + 1] - offsets[sequence];
      for (let slice = 0; slice < slices; slice++) {
        end += sliceLengthMax;
        const length = sliceLengthMin + random.below(Math.min(events, sliceLengthMax) - sliceLengthMin + 1);
        const start = offsets[sequence] + random.below(events - length + 1);
        for (let at = 0; at < length; at++) drawn[end - length + at] = start + at;
      }
    }
    return drawn;
  }
}

function tooShort(offsets: Int32Array, usable: number, least: number): KindredError {
  let longest = 0;
  for (let i = 1; i < offsets.length; i++) longest = Math.max(longest, offsets[i] - offsets[i - 1]);
  const sequences = offsets.length - 1;
  return new KindredError(
    'EMPTY_CORPUS',
    sequences === 0
      ? 'There are no sequences to learn from.'
      : `Of ${sequences} sequences ${usable} have ${least} events or more, the longest ${longest}; slices of two are needed to tell one from another.`,
    {
      remedy:
        longest >= 2 && least > 2
          ? 'Lower sliceLengthMin, or give longer sequences.'
          : 'Give sequences of two events or more: record more events, or choose other sequences.',
      facts: { sequences, usable, longest },
    },
  );
}
