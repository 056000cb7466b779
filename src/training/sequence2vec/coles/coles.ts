/**
 * CoLES (Babaev et al. 2022, "Contrastive Learning for Event Sequences with Self-Supervision"): a recurrent encoder learns,
 * without labels, to tell accounts apart by what they do: slices of one account's history are brought near each other,
 * slices of others' pushed away. What stays the same about an account over time is what its vector holds.
 */
import { CancelledError } from '../../../errors';
import { fingerprintOf } from '../../checkpoint';
import type { SequenceModel, Trainer, TrainingContext } from '../../trainer';
import { eventReader, fitEventInputs } from '../event-inputs';
import { corpusOfSequences, type EventSequences } from '../event-sequences';
import { buildVocabulary } from '../vocabulary';
import { trainContrastive } from './contrastive-training';
import { colesArtifacts } from './encoder';
import { colesNetwork } from './network';
import { type ColesOptions, checkColesOptions, colesOptions } from './options';
import { SliceEncoder, servedNetwork } from './slice-encoder';

export const coles: Trainer<ColesOptions, EventSequences, SequenceModel> = {
  name: 'coles',
  options: colesOptions,
  check: checkColesOptions,
  // Several threads may add the parts of a sum in another order.
  isDeterministic: ({ threads }) => threads === 1,
  train,
};

async function train(
  sequences: EventSequences,
  options: ColesOptions,
  context: TrainingContext = {},
): Promise<SequenceModel> {
  checkColesOptions(options);
  if (context.signal?.aborted) throw new CancelledError('Training');
  const { dimension, maxLength, minCount, seed } = options;
  const vocabulary = buildVocabulary(corpusOfSequences(sequences), minCount);
  const inputs = fitEventInputs(sequences, vocabulary.ids);
  const network = colesNetwork(inputs, options, seed);
  const { offsets } = sequences;
  const rowsOf = eventReader(inputs, sequences);
  const data = { offsets, rowsOf, fingerprint: fingerprint(sequences, options) };
  const { values, facts } = await trainContrastive(network, data, options, context);
  const served = servedNetwork(network, values, maxLength);
  const encoder = await SliceEncoder.open(served, { tables: network.tables, length: maxLength, dimension });
  try {
    return {
      ids: sequences.keys,
      dimension,
      input: await encoder.encode({ offsets, rowsOf }),
      frequencies: Uint32Array.from(sequences.keys, (_, i) => offsets[i + 1] - offsets[i]),
      artifacts: colesArtifacts(inputs, served, options),
      facts: {
        sequences: sequences.keys.length,
        events: sequences.things.length,
        things: vocabulary.ids.length,
        ...facts,
      },
    };
  } finally {
    await encoder.close();
  }
}

function fingerprint(
  { keys, ids, offsets, things, times, amounts, categories }: EventSequences,
  options: ColesOptions,
) {
  return fingerprintOf(
    'coles',
    JSON.stringify(options),
    keys.join('\n'),
    ids.join('\n'),
    offsets,
    things,
    times,
    amounts ?? new Float32Array(0),
    ...categories.flatMap(({ name, values, codes }) => [name, values.join('\n'), codes]),
  );
}
