/**
 * The two small networks that read the vectors of a sequence's things in their order: a convolution whose outputs are
 * averaged, and a GRU whose last state is the sequence's. The vectors themselves stay as they are.
 */

import { convolution } from '../../onnx/convolution';
import { denseParameters } from '../../onnx/layers';
import { add, divide, multiply } from '../../onnx/operations/arithmetic';
import { reduceSum, reshape } from '../../onnx/operations/broadcasting';
import { relu } from '../../onnx/operations/elementwise';
import { gemm } from '../../onnx/operations/matrices';
import { slice, transpose } from '../../onnx/operations/shaping';
import { Random } from '../../onnx/random';
import { KEPT_A_UNIT, recurrent, recurrentParameters } from '../../onnx/recurrent';
import type { Tables } from '../../onnx/training-session';
import type { EncodeStep, SliceNetwork, SliceSize } from '../coles/contrastive-training';
import type { ThingTable } from './base-vectors';
import type { PoolingOptions } from './options';

/** Of an event: the vector of its thing, and 1 where it is there. */
const VECTORS = 'vectors of things';
const PRESENT = 'present';
/** Numbers that an output of the convolution keeps of each event, about: before and after its bounds, masked, and their slopes. */
const KEPT_OF_CONVOLUTION = 6;

export type NetworkOptions = Pick<PoolingOptions, 'method' | 'dimension' | 'width'>;

export function poolingNetwork(inputs: number, options: NetworkOptions & { seed: number }): SliceNetwork {
  const { method, dimension, width } = options;
  const random = new Random(options.seed);
  const tables = { [VECTORS]: [inputs], [PRESENT]: [1] };
  if (method === 'gru') {
    const layer = { name: 'gru', cell: 'gru', inputs, units: dimension } as const;
    return {
      tables,
      keptAnEvent: inputs + KEPT_A_UNIT * dimension,
      parameters: recurrentParameters(layer, random),
      encode: ({ events, parameters }, { rows, length }) => {
        const x = transpose(reshape(events[VECTORS], [rows, length, inputs]), [1, 0, 2]);
        const mask = transpose(reshape(events[PRESENT], [rows, length]), [1, 0]);
        const states = recurrent(x, layer, parameters, { mask });
        return reshape(slice(states, { axis: 0, start: length - 1, end: length }), [rows, dimension]);
      },
    };
  }
  const windows = denseParameters(
    'convolution',
    { inputs: width * inputs, outputs: dimension, activation: 'relu' },
    random,
  );
  const head = denseParameters('head', { inputs: dimension, outputs: dimension, activation: 'linear' }, random);
  return {
    tables,
    keptAnEvent: 2 * width * inputs + KEPT_OF_CONVOLUTION * dimension,
    parameters: [...windows, ...head],
    encode: (step, size) => convolved(step, size, { inputs, dimension }),
  };
}

function convolved(
  { graph, events, parameters }: EncodeStep,
  { rows, length }: SliceSize,
  { inputs, dimension }: { inputs: number; dimension: number },
) {
  // Events that are not there have vectors of zeros: to their neighbours they look like the end of the sequence.
  const x = reshape(events[VECTORS], [rows, length, inputs]);
  const present = reshape(events[PRESENT], [rows, length, 1]);
  const seen = relu(convolution(x, parameters['convolution.weights'], parameters['convolution.bias']));
  const count = add(reduceSum(present, [1]), graph.scalar(1e-6));
  const mean = divide(reduceSum(multiply(seen, present), [1]), count);
  return gemm(reshape(mean, [rows, dimension]), parameters['head.weights'], { bias: parameters['head.bias'] });
}

/** Scales the vectors to a mean square of 1 a coordinate, the size that the weights were drawn for. */
export function scaledVectors({ vectors }: Pick<ThingTable, 'vectors'>): Float32Array {
  const square = vectors.reduce((sum, value) => sum + value * value, 0) / vectors.length;
  const factor = square > 0 ? 1 / Math.sqrt(square) : 1;
  return vectors.map((value) => value * factor);
}

/**
 * @param vectors (things, dimension), scaled
 * @param numberOf the thing of an event; -1 for none, or one that is not known
 */
export function eventRows(
  vectors: Float32Array,
  dimension: number,
  numberOf: (event: number) => number,
): (events: Int32Array) => Tables {
  return (events) => {
    const rows = new Float32Array(events.length * dimension);
    const present = new Float32Array(events.length);
    events.forEach((event, i) => {
      const number = event < 0 ? -1 : numberOf(event);
      if (number < 0) return;
      rows.set(vectors.subarray(number * dimension, (number + 1) * dimension), i * dimension);
      present[i] = 1;
    });
    return { [VECTORS]: rows, [PRESENT]: present };
  };
}
