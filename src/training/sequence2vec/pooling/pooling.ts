/**
 * Pooling: the vectors of a sequence's things, learned before, become one vector for the sequence: their mean, the mean
 * weighted by rarity (SIF), or what a small convolution or GRU reads from them in their order. The networks learn without
 * labels by the contrastive loss of CoLES rather than by predicting the rest of a sequence: what they are asked for, that
 * parts of one sequence be near, is what their vectors are for, and mean and sif can be measured by the same.
 */
import { CancelledError, InputError } from '../../../errors';
import { fingerprintOf } from '../../checkpoint';
import type { SequenceModel, Trainer, TrainingContext } from '../../trainer';
import { trainContrastive } from '../coles/contrastive-training';
import { SliceEncoder, servedNetwork } from '../coles/slice-encoder';
import type { EventSequences } from '../event-sequences';
import { type BaseVectors, numbersOf, requireSequences, type ThingTable, usableThings } from './base-vectors';
import { networkArtifacts, weightedArtifacts } from './encoder';
import { eventRows, poolingNetwork, scaledVectors } from './networks';
import { checkPoolingOptions, isNetwork, type PoolingOptions, poolingOptions } from './options';
import { firstComponent, sifWeights, type WeightedMean, weightedMeans } from './weighted-mean';

export interface PoolingData {
  readonly sequences: EventSequences;
  readonly base: BaseVectors;
}

export const pooling: Trainer<PoolingOptions, PoolingData, SequenceModel> = {
  name: 'pooling',
  options: poolingOptions,
  check: checkPoolingOptions,
  // Several threads may add the parts of a sum in another order; the means take one whatever was asked for.
  isDeterministic: (options) => !isNetwork(options) || options.threads === 1,
  train,
};

/** The events whose things the base knows, sequence by sequence. */
interface KnownEvents {
  readonly keys: readonly string[];
  readonly offsets: Int32Array;
  /** One an event: the number of its thing. */
  readonly numbers: Int32Array;
}

async function train(
  { sequences, base }: PoolingData,
  options: PoolingOptions,
  context: TrainingContext = {},
): Promise<SequenceModel> {
  checkPoolingOptions(options);
  if (context.signal?.aborted) throw new CancelledError('Training');
  if (base === undefined)
    throw new InputError('base', 'Pooling needs the vectors of things that it pools.', {
      remedy: 'Train word2vec on the same sequences first.',
    });
  const things = usableThings(base, options.minCount);
  const numbers = numbersOf(things, sequences);
  requireSequences(sequences, numbers, { base, minCount: options.minCount });
  const known = knownEvents(sequences, numbers);
  const pooled = isNetwork(options)
    ? await byNetwork(things, known, options, context)
    : byWeights(things, known, options, context);
  return {
    ids: known.keys,
    ...pooled,
    frequencies: Uint32Array.from(known.keys, (_, i) => known.offsets[i + 1] - known.offsets[i]),
    facts: {
      method: options.method,
      sequences: known.keys.length,
      things: things.ids.length,
      events: known.numbers.length,
      // Of things that the base does not know.
      eventsLeftOut: sequences.things.length - known.numbers.length,
      sequencesLeftOut: sequences.keys.length - known.keys.length,
      ...pooled.facts,
    },
  };
}

function knownEvents({ keys, offsets, things }: EventSequences, numberOf: Int32Array): KnownEvents {
  const numbers = new Int32Array(things.length);
  const ends = new Int32Array(offsets.length);
  const kept: string[] = [];
  let count = 0;
  for (let sequence = 0; sequence < keys.length; sequence++) {
    const before = count;
    for (let event = offsets[sequence]; event < offsets[sequence + 1]; event++)
      if (numberOf[things[event]] >= 0) numbers[count++] = numberOf[things[event]];
    if (count > before) ends[kept.push(keys[sequence])] = count;
  }
  return { keys: kept, offsets: ends.slice(0, kept.length + 1), numbers: numbers.slice(0, count) };
}

type Pooled = Pick<SequenceModel, 'dimension' | 'input' | 'artifacts' | 'facts'>;

function byWeights(
  things: ThingTable & { frequencies: Uint32Array },
  { offsets, numbers }: KnownEvents,
  { method, smoothing }: PoolingOptions,
  { onProgress }: TrainingContext,
): Pooled {
  const { dimension } = things;
  const weights =
    method === 'sif' ? sifWeights(things.frequencies, smoothing) : new Float32Array(things.ids.length).fill(1);
  const sequences = { offsets, numbers: (event: number) => numbers[event] };
  const plain: WeightedMean = { ...things, weights };
  const means = weightedMeans(plain, sequences);
  const component = method === 'sif' ? firstComponent(means, dimension) : undefined;
  const pool = { ...plain, component };
  const total = offsets.length - 1;
  onProgress?.({ phase: 'pooling', done: total, total });
  return {
    dimension,
    input: component ? weightedMeans(pool, sequences) : means,
    artifacts: weightedArtifacts(pool),
    facts: {},
  };
}

async function byNetwork(
  things: ThingTable,
  { offsets, numbers }: KnownEvents,
  options: PoolingOptions,
  context: TrainingContext,
): Promise<Pooled> {
  const { dimension, maxLength } = options;
  const vectors = scaledVectors(things);
  const network = poolingNetwork(things.dimension, options);
  const rowsOf = eventRows(vectors, things.dimension, (event) => numbers[event]);
  const fingerprint = fingerprintOf('pooling', JSON.stringify(options), offsets, numbers, vectors);
  const { values, facts } = await trainContrastive(network, { offsets, rowsOf, fingerprint }, options, context);
  const served = servedNetwork(network, values, maxLength);
  const encoder = await SliceEncoder.open(served, { tables: network.tables, length: maxLength, dimension });
  try {
    return {
      dimension,
      input: await encoder.encode({ offsets, rowsOf }),
      artifacts: networkArtifacts({ ...things, vectors }, served, options),
      facts,
    };
  } finally {
    await encoder.close();
  }
}
