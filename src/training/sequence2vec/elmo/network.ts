/**
 * The network: a forward and a backward LSTM language model over events, which share the vectors of things and the softmax
 * (Peters et al. 2018, "Deep contextualized word representations"). Each layer's states are projected to the dimension;
 * from the second layer on the layer below is added.
 */
import { Graph, Tensor } from '../../onnx/graph';
import { dense, denseParameters, dropout, type Parameter } from '../../onnx/layers';
import { add } from '../../onnx/operations/arithmetic';
import { reshape } from '../../onnx/operations/broadcasting';
import { matMul } from '../../onnx/operations/matrices';
import { concat, gather } from '../../onnx/operations/shaping';
import { Random } from '../../onnx/random';
import { type RecurrentLayer, recurrent, recurrentParameters } from '../../onnx/recurrent';
import { servedRecurrent } from '../../onnx/served-recurrent';
import { fullSoftmaxLoss, hitsOf, sampledSoftmaxLoss } from '../../onnx/softmax-losses';
import { type RowShape, rowShape, type StepTensors, type TrainingGraphOptions } from '../../onnx/training-graph';
import { type EventInputs, embedEvents, eventParameters, eventTables, eventWidth, isEvent } from '../event-inputs';
import type { ElmoOptions } from './options';

export interface Network {
  readonly inputs: EventInputs;
  readonly dimension: number;
  readonly layers: number;
  readonly parameters: readonly Parameter[];
  readonly recurrent: Readonly<Record<Direction, readonly RecurrentLayer[]>>;
}

export type Direction = 'forward' | 'backward';
export const DIRECTIONS: readonly Direction[] = ['forward', 'backward'];

/** Parameters that the model hands on: T with a row 0 for unknown things, and the softmax's table. */
export const THING_TABLE = 'things table';
export const OUTPUT_TABLE = 'softmax.table';
export const OUTPUT_BIAS = 'softmax.bias';

/** What comes with each training step beside the events. */
export const NEXT = 'next';
export const NEXT_WEIGHTS = 'next weights';
export const PREVIOUS = 'previous';
export const PREVIOUS_WEIGHTS = 'previous weights';
export const SAMPLE = 'sample';
export const LOG_EXPECTED = 'logExpected';

/** The served graph's own names. */
export const LENGTHS = 'lengths';
export const layerOutput = (direction: Direction, layer: number): string => `${direction} ${layer + 1}`;

const projection = ({ name }: RecurrentLayer): string => `${name}.projection`;

/** @param frequencies of the things that are predicted */
export function network(inputs: EventInputs, frequencies: Uint32Array, options: ElmoOptions): Network {
  const { dimension, hidden, layers } = options;
  const random = new Random(options.seed);
  const stack = (direction: Direction): RecurrentLayer[] =>
    Array.from({ length: layers }, (_, layer) => ({
      name: layerOutput(direction, layer),
      cell: 'lstm',
      inputs: layer === 0 ? eventWidth(inputs, dimension) : dimension,
      units: hidden,
    }));
  const stacks = { forward: stack('forward'), backward: stack('backward') };
  const things = frequencies.length;
  const total = frequencies.reduce((sum, one) => sum + one, 0);
  return {
    inputs,
    dimension,
    layers,
    recurrent: stacks,
    parameters: [
      ...eventParameters(inputs, dimension, random),
      ...[...stacks.forward, ...stacks.backward].flatMap((layer) => [
        ...recurrentParameters(layer, random),
        ...denseParameters(projection(layer), { inputs: hidden, outputs: dimension, activation: 'linear' }, random),
      ]),
      {
        name: OUTPUT_TABLE,
        shape: [things, dimension],
        initial: Float32Array.from({ length: things * dimension }, () => random.normal() / Math.sqrt(dimension)),
        decays: false,
      },
      // What it says before it has learned anything: how frequent things are.
      {
        name: OUTPUT_BIAS,
        shape: [things],
        initial: Float32Array.from(frequencies, (frequency) => Math.log(frequency / total)),
        decays: false,
      },
    ],
  };
}

/** The training step over rows of events, (length x rows) of them time-major. */
export function trainingOptions(
  net: Network,
  options: ElmoOptions,
  { rows, length, samples }: { rows: number; length: number; samples: number },
): TrainingGraphOptions {
  const size = rows * length;
  const whole = (shape: RowShape): RowShape => ({ row: [size, ...rowShape(shape).row], type: rowShape(shape).type });
  const integers = { row: [size], type: 'int32' } as const;
  return {
    parameters: net.parameters,
    tables: {},
    given: {
      ...Object.fromEntries(Object.entries(eventTables(net.inputs)).map(([name, shape]) => [name, whole(shape)])),
      [NEXT]: integers,
      [PREVIOUS]: integers,
      [NEXT_WEIGHTS]: [size],
      [PREVIOUS_WEIGHTS]: [size],
      ...(samples > 0 && { [SAMPLE]: { row: [samples], type: 'int32' }, [LOG_EXPECTED]: [samples] }),
    },
    batchSize: 1,
    clipNorm: CLIP_NORM,
    seed: options.seed,
    loss: (step) => lossOf(net, options, step, { rows, length, samples }),
  };
}

/** Gradients of recurrent networks burst now and then (Pascanu et al. 2013). */
const CLIP_NORM = 1;

function lossOf(
  net: Network,
  options: ElmoOptions,
  { given, parameters, uniform }: StepTensors,
  { rows, length, samples }: { rows: number; length: number; samples: number },
): Tensor {
  const drop = (x: Tensor) => (options.dropout === 0 ? x : dropout(x, options.dropout, uniform(x.shape)));
  const x = reshape(embedEvents(net.inputs, given, parameters), [length, rows, eventWidth(net.inputs, net.dimension)]);
  const mask = reshape(isEvent(given), [length, rows]);
  const size = length * rows;
  const questions = DIRECTIONS.map((direction) => {
    let below = x;
    net.recurrent[direction].forEach((layer, i) => {
      const states = recurrent(drop(below), layer, parameters, { mask, backward: direction === 'backward' });
      const projected = reshape(
        dense(
          reshape(states, [size, layer.units]),
          parameters[`${projection(layer)}.weights`],
          parameters[`${projection(layer)}.bias`],
        ),
        [length, rows, net.dimension],
      );
      below = i === 0 ? projected : add(projected, below);
    });
    return reshape(drop(below), [size, net.dimension]);
  });
  const asked = concat(questions, 0);
  const targets = integersBelow(given[NEXT], given[PREVIOUS]);
  const weights = concat([given[NEXT_WEIGHTS], given[PREVIOUS_WEIGHTS]], 0);
  const [table, bias] = [parameters[OUTPUT_TABLE], parameters[OUTPUT_BIAS]];
  if (samples === 0) return fullSoftmaxLoss(asked, { table, bias }, targets, weights);
  const sample = given[SAMPLE];
  return sampledSoftmaxLoss(
    asked,
    {
      targetRows: gather(table, targets),
      targetBias: gather(bias, targets),
      rows: gather(table, sample),
      bias: gather(bias, sample),
      logExpected: given[LOG_EXPECTED],
      hits: hitsOf(targets, sample),
    },
    weights,
  );
}

function integersBelow(a: Tensor, b: Tensor): Tensor {
  const shape = [(a.shape[0] as number) + (b.shape[0] as number)];
  return Graph.node('Concat', [a, b], { shape, type: 'int32', attributes: { axis: 0 } });
}

/**
 * What is served: events of any number of sequences, time-major and padded at the end, to each layer's projected states
 * (time, batch, dimension) of either direction.
 */
export function servedGraph(net: Network, values: ReadonlyMap<string, Float32Array>): Uint8Array {
  const graph = new Graph();
  const events = Object.fromEntries(
    Object.entries(eventTables(net.inputs)).map(([name, shape]) => {
      const { row, type } = rowShape(shape);
      return [name, graph.input(name, ['events', ...row], type)];
    }),
  );
  const lengths = graph.input(LENGTHS, ['batch'], 'int32');
  const held = new Map(net.parameters.map(({ name, shape }) => [name, shape]));
  const constant = (name: string) => graph.constant(name, held.get(name)!, values.get(name)!);
  const embedding = Object.fromEntries(
    eventParameters(net.inputs, net.dimension, new Random(0)).map(({ name }) => [name, constant(name)]),
  );
  const width = eventWidth(net.inputs, net.dimension);
  const x = overBatch(embedEvents(net.inputs, events, embedding), lengths, width);
  for (const direction of DIRECTIONS) {
    let below = x;
    net.recurrent[direction].forEach((layer, i) => {
      const states = servedRecurrent(below, layer, values, { lengths, backward: direction === 'backward' });
      const weights = constant(`${projection(layer)}.weights`);
      const projected = add(matMul(states, weights), constant(`${projection(layer)}.bias`));
      below = i === 0 ? projected : add(projected, below);
      graph.output(below, layerOutput(direction, i));
    });
  }
  return graph.model();
}

/** (events, width) -> (time, batch, width), the batch known from its lengths when the graph runs. */
function overBatch(x: Tensor, lengths: Tensor, width: number): Tensor {
  const { graph } = x;
  const [batch] = graph.append('Shape', [lengths], [{ shape: [1], type: 'int64' }]);
  const parts = [graph.integers([-1]), batch, graph.integers([width])];
  const [shape] = graph.append('Concat', parts, [{ shape: [3], type: 'int64', attributes: { axis: 0 } }]);
  return graph.append('Reshape', [x, shape], [{ shape: ['time', 'batch', width] }])[0];
}
