/**
 * A whole training step as one ONNX graph (forward pass, backward pass, Adam), repeated inside one Loop, so that a call of
 * the runtime makes many steps: what a call costs (copying parameters out and in, crossing into native code) is shared by
 * all of them. The data is fed whole and each step gathers its batch of rows by index, so a shuffle moves no rows.
 * Whatever is random in a step comes from outside by the number of the step, so that a run goes on from any step as if it
 * had never stopped.
 *
 * It holds no parameters: `training-session.ts` feeds them and takes them back.
 */
import { type AdamOptions, type AdamState, adamStep, adamUpdate } from './adam';
import { gradients } from './gradients';
import { Graph, type Tensor } from './graph';
import type { Parameter } from './layers';
import { add, divide, multiply } from './operations/arithmetic';
import { reduceSum, reshape } from './operations/broadcasting';
import { sqrt, square } from './operations/elementwise';
import { cast, gather } from './operations/shaping';
import { type Shape, ShapeError, sizeOf } from './shape';

export interface StepTensors {
  /** The batch of each table of the data, by its name: (batchSize, …). */
  readonly batch: Readonly<Record<string, Tensor>>;
  /** What the caller of `train` gave for this step, by its name. */
  readonly given: Readonly<Record<string, Tensor>>;
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** The graph that the step is built in. */
  readonly graph: Graph;
  /** Numbers in [0, 1) for dropout, others at each step; they follow from the options' seed and the step's number alone. */
  readonly uniform: (shape: Shape) => Tensor;
}

/** Shape of a row: of float32, unless it says otherwise. */
export type RowShape =
  | readonly number[]
  | { readonly row: readonly number[]; readonly type: 'float32' | 'int32' | 'int64' };

export interface TrainingGraphOptions {
  readonly parameters: readonly Parameter[];
  /** Name of each table of the data -> shape of one of its rows. */
  readonly tables: Readonly<Record<string, RowShape>>;
  /** Name of each thing that comes with every step (negatives, a schedule …) -> its shape. @default {} */
  readonly given?: Readonly<Record<string, RowShape>>;
  readonly batchSize: number;
  readonly adam?: AdamOptions;
  /** Gradients are scaled down together to this Euclidean norm where theirs is larger. @default none */
  readonly clipNorm?: number;
  /** Seed of `uniform`. @default 1 */
  readonly seed?: number;
  /** Builds the forward pass and returns the batch's loss, a scalar. */
  readonly loss: (step: StepTensors) => Tensor;
}

/** Names of the graph's inputs; a parameter `p` comes in as `p`, `p.momentum`, `p.variance` and goes out as `next p` …. */
export const STEPS = 'steps';
export const STEPS_DONE = 'stepsDone';
export const LEARNING_RATE = 'learningRate';
export const BATCHES = 'batches';
export const LOSSES = 'losses';
/** Random numbers, and from where in them each step takes each of its draws: (steps, draws). */
export const NOISE = 'noise';
export const NOISE_STARTS = 'noise starts';

export const stateNames = (parameter: string): [string, string, string] => [
  parameter,
  `${parameter}.momentum`,
  `${parameter}.variance`,
];
export const nextName = (state: string): string => `next ${state}`;

/** Draws start at any of this many places of the noise, so that two steps hardly ever drop the same units. */
export const NOISE_PLACES = 2 ** 17;

export interface TrainingGraph {
  readonly model: Uint8Array;
  /** Draws from the noise that each step makes, and how many numbers the largest takes. */
  readonly draws: number;
  readonly largestDraw: number;
}

export function trainingGraph(options: TrainingGraphOptions): TrainingGraph {
  const outer = new Graph();
  const steps = outer.input(STEPS, [], 'int64');
  const done = outer.input(STEPS_DONE, []);
  const learningRate = outer.input(LEARNING_RATE, []);
  const batches = outer.input(BATCHES, [STEPS, options.batchSize], 'int32');
  const inputs = (shapes: Readonly<Record<string, RowShape>>, rows: (name: string) => string) =>
    Object.entries(shapes).map(([name, given]) => {
      const { row, type } = rowShape(given);
      return [name, outer.input(name, [rows(name), ...row], type)] as const;
    });
  const tables = inputs(options.tables, (name) => `rows of ${name}`);
  const given = inputs(options.given ?? {}, () => STEPS);
  const state = options.parameters.flatMap(({ name, shape }) =>
    stateNames(name).map((input) => outer.input(input, shape)),
  );

  const body = new Graph(outer);
  const iteration = body.input('iteration', [], 'int64');
  const go = body.input('go', [], 'bool');
  const carried = options.parameters.map(({ name, shape }): AdamState => {
    const [parameter, momentum, variance] = stateNames(name).map((input) => body.input(`loop ${input}`, shape));
    return { parameter, momentum, variance };
  });
  const rows = gather(batches, iteration);
  const noise = new Noise(outer, iteration);
  const loss = options.loss({
    graph: body,
    batch: Object.fromEntries(tables.map(([name, table]) => [name, gather(table, rows)])),
    given: Object.fromEntries(given.map(([name, all]) => [name, gather(all, iteration)])),
    parameters: Object.fromEntries(options.parameters.map(({ name }, i) => [name, carried[i].parameter])),
    uniform: (shape) => noise.draw(shape),
  });
  if (loss.shape.length !== 0) throw new ShapeError('trainingGraph', 'the loss must be a scalar', [loss.shape]);

  const step = add(add(done, cast(iteration, 'float32')), outer.scalar(1));
  const adam = adamStep(learningRate, step, options.adam);
  const slopes = clipped(
    gradients(
      loss,
      carried.map(({ parameter }) => parameter),
    ),
    options.clipNorm,
  );
  body.output(Graph.node('Identity', [go], { shape: [], type: 'bool' }));
  carried.forEach((before, i) => {
    const after = adamUpdate(before, slopes[i], adam, options.parameters[i].decays);
    for (const tensor of [after.parameter, after.momentum, after.variance]) body.output(tensor);
  });
  body.output(loss);

  const goOn = Graph.node('Cast', [outer.scalar(1)], { shape: [], type: 'bool', attributes: { to: 9 } });
  const results = outer.append(
    'Loop',
    [steps, goOn, ...state],
    [...state.map(({ shape }, i) => (i === 0 ? { shape, attributes: { body } } : { shape })), { shape: [STEPS] }],
  );
  state.forEach(({ name }, i) => {
    outer.output(results[i], nextName(name));
  });
  outer.output(results[state.length], LOSSES);
  return { model: outer.model(), draws: noise.draws, largestDraw: noise.largest };
}

export function rowShape(given: RowShape): { row: readonly number[]; type: 'float32' | 'int32' | 'int64' } {
  return 'row' in given ? given : { row: given, type: 'float32' };
}

/** Pascanu et al. 2013: the gradients of all parameters as one vector, no longer than `norm`. */
function clipped(slopes: readonly Tensor[], norm: number | undefined): readonly Tensor[] {
  if (norm === undefined) return slopes;
  const squares = slopes.map((slope) => reduceSum(square(slope))).reduce((sum, one) => add(sum, one));
  const { graph } = squares;
  const limit = graph.scalar(norm);
  const longest = Graph.node('Max', [sqrt(squares), limit], { shape: [] });
  const factor = divide(limit, longest);
  return slopes.map((slope) => multiply(slope, factor));
}

/** Pieces of one pool of random numbers that is fed: copying is much faster than drawing, and repeats after a restart. */
class Noise {
  draws = 0;
  largest = 0;
  private source?: { readonly pool: Tensor; readonly starts: Tensor };

  constructor(
    private readonly outer: Graph,
    private readonly iteration: Tensor,
  ) {}

  draw(shape: Shape): Tensor {
    const size = sizeOf(shape, 'uniform');
    this.largest = Math.max(this.largest, size);
    this.source ??= {
      pool: this.outer.input(NOISE, ['noise']),
      starts: gather(this.outer.input(NOISE_STARTS, [STEPS, 'draws'], 'int64'), this.iteration),
    };
    const { pool, starts } = this.source;
    const start = gather(starts, this.outer.integers([this.draws++]));
    const end = add(start, this.outer.integers([size]));
    return reshape(Graph.node('Slice', [pool, start, end, this.outer.integers([0])], { shape: [size] }), shape);
  }
}
