/** The network itself: what it computes, as the training step, as the graph that early stopping asks, and as the served file. */
import { Graph, type Tensor } from '../onnx/graph';
import { ACTIVATIONS, type Activation, dense, denseParameters, dropout, type Parameter } from '../onnx/layers';
import { huberLoss, meanSquaredError } from '../onnx/losses';
import { randomUniform } from '../onnx/operations/random-uniform';
import { Random } from '../onnx/random';
import type { StepTensors, TrainingGraphOptions } from '../onnx/training-graph';
import type { AutoencoderOptions } from './options';

/** Names in the served file. */
export const INPUT = 'standardised';
export const RECONSTRUCTION = 'reconstruction';
export const CODE = 'code';
/** The batch's size is known when the graph runs. */
const BATCH = 'batch';

/** The seed of what dropout draws, apart from the network's first weights. */
const DROPOUT_STREAM = 0x5eed_0003;

export interface Network {
  readonly columns: number;
  readonly bottleneck: number;
  readonly codeDimension: number;
  readonly parameters: readonly Parameter[];
  readonly layers: readonly { name: string; activation: Activation; units: number }[];
}

type ParameterTensors = Readonly<Record<string, Tensor>>;

export function network(columns: number, { hiddenLayers, activation, seed }: AutoencoderOptions): Network {
  const random = new Random(seed);
  const sizes = [...hiddenLayers, columns];
  const layers = sizes.map((units, i) => ({
    name: `layer${i + 1}`,
    activation: i < hiddenLayers.length ? activation : ('linear' as const),
    units,
  }));
  const parameters = layers.flatMap((layer, i) =>
    denseParameters(
      layer.name,
      { inputs: i === 0 ? columns : sizes[i - 1], outputs: layer.units, activation: layer.activation },
      random,
    ),
  );
  const codeDimension = Math.min(...hiddenLayers);
  return { columns, parameters, layers, codeDimension, bottleneck: hiddenLayers.indexOf(codeDimension) };
}

/** The training step over the table `rows`. */
export function trainingOptions(net: Network, options: AutoencoderOptions, batchSize: number): TrainingGraphOptions {
  const random = new Random(options.seed ^ DROPOUT_STREAM);
  // ONNX gives a seed as a single-precision number, which holds whole numbers up to 2^24 only.
  const seeds = net.layers.map(() => random.below(2 ** 24));
  return {
    parameters: net.parameters,
    tables: { rows: [net.columns] },
    batchSize,
    adam: { weightDecay: options.weightDecay },
    loss: ({ batch, parameters, graph }: StepTensors) => {
      const drop = (x: Tensor, layer: number) =>
        options.dropout === 0 ? x : dropout(x, options.dropout, randomUniform(graph, x.shape, seeds[layer]));
      const { reconstruction } = forward(net, batch.rows, parameters, drop);
      return options.loss === 'mse'
        ? meanSquaredError(reconstruction, batch.rows)
        : huberLoss(reconstruction, batch.rows, options.huberDelta);
    },
  };
}

/** Forward only, with the parameters as inputs: asks a network in training without opening a session for each answer. */
export function evaluationGraph(net: Network): Uint8Array {
  const graph = new Graph();
  const x = graph.input(INPUT, [BATCH, net.columns]);
  const parameters = Object.fromEntries(net.parameters.map(({ name, shape }) => [name, graph.input(name, shape)]));
  graph.output(forward(net, x, parameters).reconstruction, RECONSTRUCTION);
  return graph.model();
}

/** The file that is served: the trained parameters are constants in it. */
export function servedGraph(net: Network, values: ReadonlyMap<string, Float32Array>): Uint8Array {
  const graph = new Graph();
  const x = graph.input(INPUT, [BATCH, net.columns]);
  const parameters = Object.fromEntries(
    net.parameters.map(({ name, shape }) => [name, graph.constant(name, shape, values.get(name)!)]),
  );
  const { reconstruction, code } = forward(net, x, parameters);
  graph.output(reconstruction, RECONSTRUCTION);
  graph.output(code, CODE);
  return graph.model();
}

function forward(
  net: Network,
  x: Tensor,
  parameters: ParameterTensors,
  drop: (hidden: Tensor, layer: number) => Tensor = (hidden) => hidden,
): { reconstruction: Tensor; code: Tensor } {
  let hidden = x;
  let code = x;
  net.layers.forEach(({ name, activation }, layer) => {
    const linear = dense(hidden, parameters[`${name}.weights`], parameters[`${name}.bias`]);
    hidden = ACTIVATIONS[activation](linear);
    if (layer === net.bottleneck) code = hidden;
    if (layer < net.layers.length - 1) hidden = drop(hidden, layer);
  });
  return { reconstruction: hidden, code };
}
