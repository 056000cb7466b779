/**
 * node2vec (Grover & Leskovec 2016): skip-gram with negative sampling over second-order random walks of a graph. Workers
 * walk and train by turns on one shared graph and one shared pair of tables; beside these two only a few words a node
 * are held. A node without a tie cannot be learnt from and has no vector.
 */
import { join } from 'node:path';
import { collectGarbage } from '../../threads';
import { type CompactGraph, compactGraph, graphBytes } from '../graph/compact-graph';
import type { EdgeList } from '../graph/edge-list';
import { walkable, walkableBytes } from '../graph/walks';
import { trainSkipGram } from '../kernels/skip-gram-training';
import type { EmbeddingModel, Trainer, TrainingContext } from '../trainer';
import { checkRelations, type Node2VecOptions, node2vecOptions } from './options';
import { countVisits } from './visits';
import { unitsPerRound, type WalkData, walksPerUnit } from './walk-source';

export async function trainNode2Vec<Id>(
  edges: EdgeList<Id>,
  options: Node2VecOptions,
  context?: TrainingContext,
): Promise<EmbeddingModel<Id>> {
  context?.onProgress?.({ phase: 'graph', done: 0, total: 1 });
  const model = await trainOnGraph(compactGraph(edges), options, context);
  return { ...model, ids: model.ids.map((position) => edges.ids[position]) };
}

/** On a graph that is sorted already. An id of the model is the position of a node in the edge list that the graph was. */
export async function trainOnGraph(
  graph: CompactGraph,
  options: Node2VecOptions,
  context?: TrainingContext,
): Promise<EmbeddingModel<number>> {
  checkRelations(options);
  const walked = walkable(graph);
  // What sorting the graph took is as large as the graph; it must not lie beside the tables.
  collectGarbage(graphBytes(graph));
  const { dimension, window, negatives, negativeSharing, epochs, walksPerNode, walkLength, p, q, seed } = options;
  const visits = await countVisits(walked, options, context);
  const noise = Float64Array.from(visits, (count) => count ** options.negativeExponent);
  const units = unitsPerRound(graph.nodes, options);
  const data: WalkData = { walked, p, q, walkLength, walksPerUnit: walksPerUnit(options), seed };
  // No frequencies, so no thread has hot rows of its own: on BlogCatalog, with hubs in most walks, their lag cost Macro-F1
  // (0.2579, and 0.2627 without).
  const trained = await trainSkipGram(
    {
      shape: { nodes: graph.nodes, dimension, window, negatives, negativeSharing, threads: options.threads },
      noise,
      seed,
      learningRate: options.learningRate,
      source: {
        module: join(__dirname, 'walk-source'),
        data,
        units: units * walksPerNode * epochs,
        tokenCapacity: walksPerUnit(options) * (walkLength + 1),
      },
      phase: (done) => `epoch ${Math.min(epochs, Math.floor(done / (units * walksPerNode)) + 1)} of ${epochs}`,
    },
    context,
  );
  return {
    ids: Array.from(graph.order),
    dimension,
    input: trained.input,
    output: trained.output,
    outputBias: noiseBias(noise, negatives),
    frequencies: trained.frequencies,
    facts: {
      tokens: trained.tokens,
      pairs: trained.pairs,
      walkSteps: (trained.tokens / walkLength) * (walkLength - 1),
      finalLoss: trained.finalLoss,
      kernel: trained.build,
      ...(trained.resumedFrom && { resumedFrom: trained.resumedFrom }),
      nodes: graph.nodes,
      ties: graph.ties,
      weighted: graph.weights !== undefined,
      duplicates: graph.duplicates,
      selfLoops: graph.selfLoops,
      isolated: graph.isolated,
      trainingBytes: trained.input.buffer.byteLength + walkableBytes(walked),
    },
  };
}

/** log(negatives x Pn(b)): with it, input x output + bias estimates log P(b|a) (see EmbeddingModel). */
function noiseBias(noise: Float64Array, negatives: number): Float32Array {
  const total = noise.reduce((sum, weight) => sum + weight, 0);
  return Float32Array.from(noise, (weight) => Math.log((negatives * weight) / total));
}

export const node2vec: Trainer<Node2VecOptions, EdgeList, EmbeddingModel> = {
  name: 'node2vec',
  options: node2vecOptions,
  check: checkRelations,
  isDeterministic: ({ threads }) => threads === 1,
  train: trainNode2Vec,
};
