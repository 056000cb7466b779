/** Pools sequences that came after training: what is kept of a model (its artifacts), and what opens it again. */
import { KindredError } from '../../../errors';
import { float32Of } from '../../checkpoint';
import type { Artifacts, Encoder, Loader } from '../../encoder';
import { SliceEncoder } from '../coles/slice-encoder';
import { numbersOf, type ThingTable } from './base-vectors';
import { eventRows, type NetworkOptions, poolingNetwork } from './networks';
import { type WeightedMean, weightedMeans } from './weighted-mean';

/** model.json: how it pools, and the names of the rows of vectors.f32. */
interface Description {
  readonly method: NetworkOptions['method'];
  readonly ids: readonly string[];
  /** Length of the vectors of things. */
  readonly inputs: number;
  readonly network?: NetworkOptions & { readonly maxLength: number };
}

export function weightedArtifacts(pool: WeightedMean): Record<string, Uint8Array> {
  const description: Description = { method: pool.component ? 'sif' : 'mean', ids: pool.ids, inputs: pool.dimension };
  return {
    'model.json': Buffer.from(JSON.stringify(description)),
    'vectors.f32': bytesOf(pool.vectors),
    'weights.f32': bytesOf(pool.weights),
    ...(pool.component && { 'component.f32': bytesOf(pool.component) }),
  };
}

/** @param things their vectors as the network is to have them */
export function networkArtifacts(
  things: ThingTable,
  network: Uint8Array,
  { method, dimension, width, maxLength }: NetworkOptions & { readonly maxLength: number },
): Record<string, Uint8Array> {
  const description: Description = {
    method,
    ids: things.ids,
    inputs: things.dimension,
    network: { method, dimension, width, maxLength },
  };
  return {
    'model.json': Buffer.from(JSON.stringify(description)),
    'vectors.f32': bytesOf(things.vectors),
    'network.onnx': network,
  };
}

export const loadEncoder: Loader = async (artifacts): Promise<Encoder> => {
  const { ids, inputs, network } = JSON.parse(Buffer.from(part(artifacts, 'model.json')).toString()) as Description;
  const table: ThingTable = { ids, dimension: inputs, vectors: float32Of(aligned(part(artifacts, 'vectors.f32'))) };
  if (table.vectors.length !== ids.length * inputs) throw corrupt('vectors.f32');
  return network ? openNetwork(table, artifacts, network) : openWeighted(table, artifacts);
};

function openWeighted(table: ThingTable, artifacts: Artifacts): Encoder {
  const pool: WeightedMean = {
    ...table,
    weights: float32Of(aligned(part(artifacts, 'weights.f32'))),
    ...(artifacts['component.f32'] && { component: float32Of(aligned(artifacts['component.f32'])) }),
  };
  return {
    dimension: table.dimension,
    knows: knowing(table),
    sequence: async (sequences) => {
      const numbers = numbersOf(table, sequences);
      return weightedMeans(pool, {
        offsets: sequences.offsets,
        numbers: (event) => numbers[sequences.things[event]],
      });
    },
    close: async () => {},
  };
}

async function openNetwork(
  table: ThingTable,
  artifacts: Artifacts,
  options: NonNullable<Description['network']>,
): Promise<Encoder> {
  const { dimension, maxLength } = options;
  // The trained weights are in the file; the seed of those it was drawn with is of no account.
  const { tables } = poolingNetwork(table.dimension, { ...options, seed: 0 });
  const encoder = await SliceEncoder.open(part(artifacts, 'network.onnx'), { tables, length: maxLength, dimension });
  return {
    dimension,
    knows: knowing(table),
    sequence: (sequences) => {
      const numbers = numbersOf(table, sequences);
      const numberOf = (event: number) => numbers[sequences.things[event]];
      return encoder.encode({
        offsets: sequences.offsets,
        rowsOf: eventRows(table.vectors, table.dimension, numberOf),
        isKnown: (event) => numberOf(event) >= 0,
      });
    },
    close: () => encoder.close(),
  };
}

function knowing({ ids }: ThingTable): Encoder['knows'] {
  const known = new Set(ids);
  return (thing) => known.has(thing);
}

function part(artifacts: Artifacts, name: string): Uint8Array {
  const bytes = artifacts[name];
  if (bytes === undefined) throw corrupt(name);
  return bytes;
}

function corrupt(name: string): KindredError {
  return new KindredError('MODEL_CORRUPT', `The model's ${name} is missing or of the wrong size.`, {
    remedy: 'Roll back to an earlier version, or train anew.',
  });
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** A typed array can lie over bytes only where they start at a multiple of its element. */
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 4 === 0 ? bytes : bytes.slice());
