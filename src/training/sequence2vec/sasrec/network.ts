/**
 * The network of SASRec (Kang & McAuley 2018, "Self-attentive sequential recommendation"): the embedding of each thing and
 * of its place, then blocks of causal self-attention and a point-wise feed-forward layer, each around a residual with layer
 * normalisation before it, and the same table of things to answer from. Unlike the published one, things have a bias, which
 * starts as the log of their frequency, and the loss is a softmax over all things or a sample.
 */
import { futureMask, project, selfAttention, sequenceMask } from '../../onnx/attention';
import { Graph, type Tensor } from '../../onnx/graph';
import { denseParameters, dropout, type Parameter } from '../../onnx/layers';
import { add } from '../../onnx/operations/arithmetic';
import { reduceSum, reshape } from '../../onnx/operations/broadcasting';
import { relu } from '../../onnx/operations/elementwise';
import { gemm, matMul } from '../../onnx/operations/matrices';
import { layerNorm } from '../../onnx/operations/normalisation';
import { cast, gather } from '../../onnx/operations/shaping';
import { Random } from '../../onnx/random';
import { fullSoftmaxLoss, hitsOf, sampledSoftmaxLoss } from '../../onnx/softmax-losses';
import type { StepTensors, TrainingGraphOptions } from '../../onnx/training-graph';
import type { SasrecOptions } from './options';

export interface Network {
  readonly parameters: readonly Parameter[];
  readonly things: number;
  readonly dimension: number;
  readonly blocks: number;
  readonly heads: number;
  /** Places that have an embedding: the longest history the network can look at. */
  readonly slots: number;
}

/** Names of parameters, which are the model's tables too. */
export const TABLE = 'table';
export const BIAS = 'bias';
const PLACES = 'places';

/** Names in the graphs that answer. */
export const HISTORY = 'history';
export const LAST = 'last';
export const QUESTION = 'question';
export const TARGETS = 'targets';
export const RANKS = 'ranks';
const BATCH = 'batch';

/** Standard deviation of embeddings at the start. */
const EMBEDDING_DEVIATION = 0.02;

type Tensors = Readonly<Record<string, Tensor>>;
/** Dropout in training, nothing elsewhere. */
type Drop = (x: Tensor) => Tensor;

export function network(frequencies: Uint32Array, slots: number, options: SasrecOptions): Network {
  const { dimension, blocks, heads, seed } = options;
  const random = new Random(seed);
  const things = frequencies.length;
  const total = frequencies.reduce((sum, one) => sum + one, 0);
  const embedding = (name: string, rows: number): Parameter => ({
    name,
    shape: [rows, dimension],
    initial: Float32Array.from({ length: rows * dimension }, () => random.normal() * EMBEDDING_DEVIATION),
    decays: true,
  });
  const linear = (name: string, activation: 'linear' | 'relu' = 'linear') =>
    denseParameters(name, { inputs: dimension, outputs: dimension, activation }, random);
  const norm = (name: string): Parameter[] => [
    { name: `${name}.gain`, shape: [dimension], initial: new Float32Array(dimension).fill(1), decays: false },
    { name: `${name}.bias`, shape: [dimension], initial: new Float32Array(dimension), decays: false },
  ];
  const block = (i: number) => [
    ...norm(`block${i}.attention norm`),
    ...['query', 'key', 'value', 'output'].flatMap((part) => linear(`block${i}.${part}`)),
    ...norm(`block${i}.forward norm`),
    ...linear(`block${i}.inner`, 'relu'),
    ...linear(`block${i}.outer`),
  ];
  const popularity = Float32Array.from(frequencies, (frequency) => Math.log(frequency / total));
  return {
    things,
    dimension,
    blocks,
    heads,
    slots,
    parameters: [
      embedding(TABLE, things),
      { name: BIAS, shape: [things], initial: popularity, decays: false },
      embedding(PLACES, slots),
      ...Array.from({ length: blocks }, (_, i) => block(i)).flat(),
      ...norm('last norm'),
    ],
  };
}

/** @param x (rows, slots, dimension): embeddings of things and places; the same shape comes out, a question a slot */
function questionsOf(net: Network, x: Tensor, mask: Tensor, parameters: Tensors, drop: Drop = (y) => y): Tensor {
  const layer = (name: string) => [parameters[`${name}.weights`], parameters[`${name}.bias`]] as const;
  const norm = (y: Tensor, name: string) => layerNorm(y, parameters[`${name}.gain`], parameters[`${name}.bias`]);
  let hidden = drop(x);
  for (let i = 0; i < net.blocks; i++) {
    const weights = {
      query: layer(`block${i}.query`),
      key: layer(`block${i}.key`),
      value: layer(`block${i}.value`),
      output: layer(`block${i}.output`),
    };
    const seen = selfAttention(norm(hidden, `block${i}.attention norm`), mask, weights, net.heads);
    hidden = add(hidden, drop(seen));
    const inner = relu(project(norm(hidden, `block${i}.forward norm`), layer(`block${i}.inner`)));
    hidden = add(hidden, drop(project(inner, layer(`block${i}.outer`))));
  }
  return norm(hidden, 'last norm');
}

/** What each training step is given: rows of packed sequences, and the sample where there is one. */
export function trainingOptions(
  net: Network,
  options: SasrecOptions,
  { rows, sample }: { rows: number; sample: number },
): TrainingGraphOptions {
  const { slots, dimension } = net;
  const row = [rows, slots];
  const events = rows * slots;
  const integers = (shape: readonly number[]) => ({ row: shape, type: 'int32' as const });
  return {
    parameters: net.parameters,
    tables: {},
    // The rows come with each step instead of from tables: packing makes new ones in each epoch.
    batchSize: 1,
    given: {
      things: integers(row),
      next: integers([events]),
      positions: integers(row),
      weights: [events],
      ...(sample > 0 && { sample: integers([sample]), logExpected: [sample] }),
    },
    seed: options.seed,
    loss: ({ given, parameters, uniform }: StepTensors) => {
      const drop: Drop = (x) => (options.dropout === 0 ? x : dropout(x, options.dropout, uniform(x.shape)));
      const x = add(gather(parameters[TABLE], given.things), gather(parameters[PLACES], given.positions));
      const hidden = questionsOf(net, x, sequenceMask(given.positions), parameters, drop);
      const questions = reshape(hidden, [events, dimension]);
      return sample > 0
        ? sampledLoss(questions, given, parameters)
        : fullSoftmaxLoss(questions, { table: parameters[TABLE], bias: parameters[BIAS] }, given.next, given.weights);
    },
  };
}

function sampledLoss(questions: Tensor, given: Tensors, parameters: Tensors): Tensor {
  const of = (indices: Tensor) => [gather(parameters[TABLE], indices), gather(parameters[BIAS], indices)];
  const [targetRows, targetBias] = of(given.next);
  const [rows, bias] = of(given.sample);
  const hits = hitsOf(given.next, given.sample);
  return sampledSoftmaxLoss(
    questions,
    { targetRows, targetBias, rows, bias, logExpected: given.logExpected, hits },
    given.weights,
  );
}

/** (batch, dimension): the question at the last event of each history. */
function lastQuestion(net: Network, graph: Graph, parameters: Tensors): Tensor {
  const history = graph.input(HISTORY, [BATCH, net.slots], 'int32');
  // 1 at the last event of a history, 0 elsewhere: histories start at the first slot, and nothing looks at what is later.
  const last = graph.input(LAST, [BATCH, net.slots]);
  const x = add(gather(parameters[TABLE], history), parameters[PLACES]);
  const hidden = questionsOf(net, x, futureMask(graph, net.slots), parameters);
  return reshape(matMul(reshape(last, [BATCH, 1, net.slots]), hidden), [BATCH, net.dimension]);
}

/** The file that is served: the trained parameters are constants in it, and questions come out. */
export function servedGraph(net: Network, values: ReadonlyMap<string, Float32Array>): Uint8Array {
  const graph = new Graph();
  const constants = net.parameters
    .filter(({ name }) => name !== BIAS)
    .map(({ name, shape }) => [name, graph.constant(name, shape, values.get(name)!)]);
  graph.output(lastQuestion(net, graph, Object.fromEntries(constants)), QUESTION);
  return graph.model();
}

/** Parameters come in, and the ranks of the targets among all things come out, 1 for the first; ties count against. */
export function rankingGraph(net: Network): Uint8Array {
  const graph = new Graph();
  const inputs = net.parameters.map(({ name, shape }) => [name, graph.input(name, shape)]);
  const parameters: Tensors = Object.fromEntries(inputs);
  const questions = lastQuestion(net, graph, parameters);
  const targets = graph.input(TARGETS, [BATCH, 1], 'int32');
  const scores = gemm(questions, parameters[TABLE], { transposeB: true, bias: parameters[BIAS] });
  const own = Graph.node('GatherElements', [scores, targets], { shape: [BATCH, 1], attributes: { axis: 1 } });
  const notBehind = Graph.node('GreaterOrEqual', [scores, own], { shape: scores.shape, type: 'bool' });
  graph.output(reduceSum(cast(notBehind, 'float32'), [1]), RANKS);
  return graph.model();
}
