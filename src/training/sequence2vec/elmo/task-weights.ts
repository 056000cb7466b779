/**
 * What a task makes of the layers of a frozen model (Peters et al. 2018, section 3.2): one vector an event,
 * gamma x sum of s_j x layer_j with the s_j softmax-normalised, learned together with a linear head for the task's labels.
 */
import { InputError } from '../../../errors';
import type { Layers } from '../../encoder';
import { Random as Draws } from '../../kernels/random';
import { dense, denseParameters } from '../../onnx/layers';
import { softmaxCrossEntropy } from '../../onnx/losses';
import { multiply } from '../../onnx/operations/arithmetic';
import { reduceSum, reshape } from '../../onnx/operations/broadcasting';
import { softmax } from '../../onnx/operations/probabilities';
import { Random } from '../../onnx/random';
import { TrainingSession } from '../../onnx/training-session';

export interface TaskWeightsOptions {
  readonly classes: number;
  /** Passes over the labelled events. @default 20 */
  readonly epochs?: number;
  /** Events a step, no more than there are. @default 256 */
  readonly batchSize?: number;
  /** Adam's. @default 0.01 */
  readonly learningRate?: number;
  /** AdamW's, of the head's weights. @default 0.01 */
  readonly weightDecay?: number;
  /** @default 1 */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export interface TaskWeights {
  /** s_j, one a layer, T first; they sum to 1. */
  readonly weights: Float32Array;
  readonly gamma: number;
  /** (events, width): the task's own vectors. */
  mix(layers: Layers): Float32Array;
  /** (events, classes): the head's chances. */
  predict(layers: Layers): Float32Array;
}

/** @param labels one an event: 0 to classes - 1, or -1 for events that the task says nothing about */
export async function learnTaskWeights(
  layers: Layers,
  labels: Int32Array,
  options: TaskWeightsOptions,
): Promise<TaskWeights> {
  const { classes, epochs = 20, learningRate = 0.01, weightDecay = 0.01, seed = 1, signal } = options;
  const labelled = Int32Array.from(labels.keys()).filter((event) => labels[event] >= 0);
  requireLabels(layers, labels, classes, labelled.length);
  const batchSize = Math.min(options.batchSize ?? 256, labelled.length);
  const { layers: count, width } = layers;
  const scales = layerScales(layers);
  const [head, bias] = denseParameters(
    'head',
    { inputs: width, outputs: classes, activation: 'linear' },
    new Random(seed),
  );
  const one = (name: string, shape: number[], value: number) => ({
    name,
    shape,
    initial: new Float32Array(shape.reduce((size, side) => size * side, 1)).fill(value),
    decays: false,
  });
  const session = await TrainingSession.open(
    {
      parameters: [one('s', [count], 0), one('gamma', [], 1), head, bias],
      tables: { layers: [count, width], target: [classes] },
      batchSize,
      adam: { weightDecay },
      loss: ({ batch, parameters: p }) => {
        const weighted = multiply(batch.layers, reshape(softmax(p.s), [count, 1]));
        const mixed = multiply(reduceSum(weighted, [1]), p.gamma);
        return softmaxCrossEntropy(dense(mixed, p['head.weights'], p['head.bias']), batch.target);
      },
    },
    { layers: scaled(layers, scales), target: oneHot(labels, classes) },
    { signal },
  );
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = Draws.seeded(seed, epoch).shuffle(labelled.slice());
      await session.train(order.slice(0, order.length - (order.length % batchSize)), learningRate);
    }
    return new Learned(session.values(), scales, classes);
  } finally {
    await session.close();
  }
}

class Learned implements TaskWeights {
  readonly weights: Float32Array;
  readonly gamma: number;

  constructor(
    private readonly values: ReadonlyMap<string, Float32Array>,
    private readonly scales: Float32Array,
    private readonly classes: number,
  ) {
    this.weights = chances(values.get('s')!);
    this.gamma = values.get('gamma')![0];
  }

  mix({ layers, width, vectors }: Layers): Float32Array {
    const events = vectors.length / (layers * width);
    const mixed = new Float32Array(events * width);
    for (let event = 0; event < events; event++)
      for (let layer = 0; layer < layers; layer++) {
        const factor = this.gamma * this.weights[layer] * this.scales[layer];
        const at = (event * layers + layer) * width;
        for (let i = 0; i < width; i++) mixed[event * width + i] += factor * vectors[at + i];
      }
    return mixed;
  }

  predict(layers: Layers): Float32Array {
    const { width } = layers;
    const [weights, bias] = [this.values.get('head.weights')!, this.values.get('head.bias')!];
    const mixed = this.mix(layers);
    const found = new Float32Array((mixed.length / width) * this.classes);
    for (let event = 0; event < mixed.length / width; event++) {
      const scores = bias.slice();
      for (let i = 0; i < width; i++)
        for (let k = 0; k < this.classes; k++) scores[k] += mixed[event * width + i] * weights[i * this.classes + k];
      found.set(chances(scores), event * this.classes);
    }
    return found;
  }
}

function requireLabels(layers: Layers, labels: Int32Array, classes: number, labelled: number): void {
  const events = layers.vectors.length / (layers.layers * layers.width);
  if (labels.length !== events)
    throw new InputError('labels', `${labels.length} labels are not one for each of ${events} events.`, {
      remedy: 'Give -1 for events without a label.',
    });
  if (labelled === 0)
    throw new InputError('labels', 'No event has a label.', { remedy: 'Label events of two classes or more.' });
  const wrong = labels.find((label) => label >= classes);
  if (wrong !== undefined)
    throw new InputError('labels', `The label ${wrong} is not one of ${classes} classes.`, {
      remedy: 'Number the classes from 0, and say how many there are.',
    });
}

/** Layers differ in size, which the s_j should not have to make up for: each is brought to a mean square of 1. */
function layerScales({ layers, width, vectors }: Layers): Float32Array {
  const squares = new Float64Array(layers);
  vectors.forEach((value, i) => {
    squares[Math.floor(i / width) % layers] += value * value;
  });
  const perLayer = vectors.length / layers;
  return Float32Array.from(squares, (sum) => (sum > 0 ? 1 / Math.sqrt(sum / perLayer) : 1));
}

function scaled({ layers, width, vectors }: Layers, scales: Float32Array): Float32Array {
  return vectors.map((value, i) => value * scales[Math.floor(i / width) % layers]);
}

function oneHot(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, event) => {
    if (label >= 0) rows[event * classes + label] = 1;
  });
  return rows;
}

function chances(scores: Float32Array): Float32Array {
  const highest = scores.reduce((a, b) => Math.max(a, b));
  const masses = scores.map((score) => Math.exp(score - highest));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
}
