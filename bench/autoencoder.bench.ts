/**
 * How fast the autoencoder trains and scores on one core. Training is forward pass, backward pass and Adam, through the same
 * graphs as the trainer's. Beside each rate stands the limit: the matrix products of the same step alone, run by the same
 * runtime in the same loop (a step cannot be faster), and PyTorch on one CPU thread where python3 has it.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { network, trainingOptions } from '../src/training/autoencoder/network';
import { AutoencoderScorer } from '../src/training/autoencoder/scorer';
import { autoencoder } from '../src/training/autoencoder/trainer';
import { Graph, type Tensor } from '../src/training/onnx/graph';
import { gemm } from '../src/training/onnx/operations/matrices';
import { concat, slice } from '../src/training/onnx/operations/shaping';
import { Random } from '../src/training/onnx/random';
import { type Feed, Session } from '../src/training/onnx/session';
import { TrainingSession } from '../src/training/onnx/training-session';
import type { Figure } from './figure';

const BENCH = 'autoencoder';
const SECONDS = 3;
const ROWS = 50_000;
const STEPS_PER_CALL = 50;

interface Work {
  readonly sizes: readonly number[];
  readonly batchSize: number;
}

export async function* figures(): AsyncIterable<Figure> {
  const handbook = { sizes: [15, 100, 20, 100, 15], batchSize: 1024 };
  const deep = { sizes: [32, 128, 64, 16, 64, 128, 32], batchSize: 256 };
  yield* trainingFigures(handbook, 'rows/s');
  yield* trainingFigures(deep, 'steps/s');
  yield* scoringFigures();
}

async function* trainingFigures(work: Work, unit: 'rows/s' | 'steps/s'): AsyncIterable<Figure> {
  const name = `training ${work.sizes.join('-')}, batch ${work.batchSize}, one thread`;
  const factor = unit === 'rows/s' ? work.batchSize : 1;
  const figure = (what: string, steps: number, peer: number): Figure => ({
    bench: BENCH,
    figure: `${name}${what}`,
    value: steps * factor,
    unit,
    peer: peer * factor,
    ratio: steps / peer,
  });
  const steps = await trainingRate(work);
  yield figure(', beside its matrix products alone', steps, await matrixProductRate(work));
  const torch = await torchRate(work);
  if (torch !== undefined) yield figure(', beside PyTorch on one CPU thread', steps, torch);
}

async function trainingRate({ sizes, batchSize }: Work): Promise<number> {
  const random = new Random(1);
  const options = autoencoder.options.parse({
    hiddenLayers: sizes.slice(1, -1),
    batchSize,
    activation: 'relu',
    loss: 'mse',
  });
  const rows = Float32Array.from({ length: ROWS * sizes[0] }, () => random.normal());
  const net = network(sizes[0], options);
  const session = await TrainingSession.open(trainingOptions(net, options, batchSize), { rows });
  const steps = await rate(async () => {
    // As in training, the choice of rows is part of the work.
    await session.train(
      Int32Array.from({ length: STEPS_PER_CALL * batchSize }, () => random.below(ROWS)),
      1e-3,
    );
    return STEPS_PER_CALL;
  });
  await session.close();
  return steps;
}

/**
 * Each layer's three products (forward, to its weights, to its inputs; the first layer needs no third) and nothing else, as
 * many times in one Loop as training makes steps. One number of each product is kept, so that none is optimised away.
 */
async function matrixProductRate({ sizes, batchSize }: Work): Promise<number> {
  const graph = new Graph();
  const random = new Random(1);
  const feeds: Record<string, Feed> = {};
  const input = (name: string, dims: readonly number[]) => {
    const count = dims.reduce((size, one) => size * one, 1);
    feeds[name] = { dims, data: Float32Array.from({ length: count }, () => random.normal()) };
    return graph.input(name, dims);
  };
  const layers = sizes.slice(1).map((units, i) => ({
    x: input(`x${i}`, [batchSize, sizes[i]]),
    weights: input(`weights${i}`, [sizes[i], units]),
    slope: input(`slope${i}`, [batchSize, units]),
  }));
  const steps = graph.input('steps', [], 'int64');
  const goOn = graph.append('Cast', [graph.scalar(1)], [{ shape: [], type: 'bool', attributes: { to: 9 } }])[0];
  const body = new Graph(graph);
  body.input('iteration', [], 'int64');
  const go = body.input('go', [], 'bool');
  const within = (tensor: Tensor) => body.append('Identity', [tensor], [{ shape: tensor.shape }])[0];
  const kept = layers.flatMap(({ x, weights, slope }, i) => {
    const products = [gemm(within(x), weights), gemm(within(x), slope, { transposeA: true })];
    if (i > 0) products.push(gemm(within(slope), weights, { transposeB: true }));
    return products.map((product) =>
      slice(slice(product, { axis: 0, start: 0, end: 1 }), { axis: 1, start: 0, end: 1 }),
    );
  });
  body.output(body.append('Identity', [go], [{ shape: [], type: 'bool' }])[0]);
  body.output(concat(kept, 1));
  const [numbers] = graph.append('Loop', [steps, goOn], [{ shape: ['steps', 1, kept.length], attributes: { body } }]);
  graph.output(numbers, 'numbers');
  const session = await Session.open(graph.model());
  const found = await rate(async () => {
    const loop = { steps: { dims: [], data: BigInt64Array.of(BigInt(STEPS_PER_CALL)) } };
    await session.run({ ...feeds, ...loop }, ['numbers']);
    return STEPS_PER_CALL;
  });
  await session.close();
  return found;
}

async function torchRate({ sizes, batchSize }: Work): Promise<number | undefined> {
  const script = join(__dirname, 'peers', 'torch-autoencoder.py');
  const args = [script, sizes.join('-'), String(batchSize), String(SECONDS)];
  for (const python of [process.env.KINDRED_BENCH_PYTHON, 'python3', '/usr/bin/python3']) {
    if (!python) continue;
    try {
      const { stdout } = await promisify(execFile)(python, args, { env: { ...process.env, OMP_NUM_THREADS: '1' } });
      return Number(stdout);
    } catch {
      // No such python, or it has no PyTorch: the next one may, and without any the peer is left out.
    }
  }
  return undefined;
}

async function* scoringFigures(): AsyncIterable<Figure> {
  const random = new Random(1);
  const columns = Array.from({ length: 15 }, (_, i) => `feature${i}`);
  const values = Float32Array.from({ length: ROWS * columns.length }, () => random.normal());
  const options = autoencoder.options.parse({ epochs: 1, batchSize: 1024 });
  const scorer = await AutoencoderScorer.load(await autoencoder.train({ columns, rows: ROWS, values }, options));
  const one = values.slice(0, columns.length);
  const calls = await rate(async () => {
    (await scorer.score(one)).reasons(0, 5);
    return 1;
  });
  yield { bench: BENCH, figure: 'scoring one row, with its reasons', value: 1e6 / calls, unit: 'µs' };
  const rows = await rate(async () => (await scorer.score(values)).values.length);
  yield { bench: BENCH, figure: 'scoring 50,000 rows, one thread', value: rows, unit: 'rows/s' };
  await scorer.close();
}

/** Units of work a second, after a first call that is not counted. */
async function rate(work: () => Promise<number>): Promise<number> {
  await work();
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < SECONDS * 1000) done += await work();
  return done / ((performance.now() - start) / 1000);
}
