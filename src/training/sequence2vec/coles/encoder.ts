/** Vectors of sequences that came after training: what is kept of a model (its artifacts), and what opens it again. */
import { KindredError } from '../../../errors';
import type { Encoder, Loader } from '../../encoder';
import { type EventInputs, eventReader, eventTables } from '../event-inputs';
import { SliceEncoder } from './slice-encoder';

/** model.json */
interface Description {
  readonly dimension: number;
  readonly maxLength: number;
  readonly inputs: EventInputs;
}

export function colesArtifacts(
  inputs: EventInputs,
  network: Uint8Array,
  { dimension, maxLength }: Omit<Description, 'inputs'>,
): Record<string, Uint8Array> {
  const description: Description = { dimension, maxLength, inputs };
  return { 'model.json': Buffer.from(JSON.stringify(description)), 'network.onnx': network };
}

export const loadEncoder: Loader = async (artifacts): Promise<Encoder> => {
  const part = (name: string): Uint8Array => {
    if (artifacts[name]) return artifacts[name];
    throw new KindredError('MODEL_CORRUPT', `The model's ${name} is missing.`, {
      remedy: 'Roll back to an earlier version, or train anew.',
    });
  };
  const { dimension, maxLength, inputs } = JSON.parse(Buffer.from(part('model.json')).toString()) as Description;
  const tables = eventTables(inputs);
  const encoder = await SliceEncoder.open(part('network.onnx'), { tables, length: maxLength, dimension });
  const things = new Set(inputs.things);
  return {
    dimension,
    knows: (thing) => things.has(thing),
    readsUnknown: true,
    sequence: (sequences) => encoder.encode({ offsets: sequences.offsets, rowsOf: eventReader(inputs, sequences) }),
    close: () => encoder.close(),
  };
};
