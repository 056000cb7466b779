/**
 * A whole training step as one ONNX graph (forward pass, backward pass, Adam), repeated inside one Loop, so that a call of
 * the runtime makes many steps: what a call costs (copying parameters out and in, crossing into native code) is shared by
 * all of them. The data is fed whole and each step gathers its batch of rows by index, so a shuffle moves no rows.
 *
 * It holds no parameters: `training-session.ts` feeds them and takes them back.
 */
import { type AdamOptions, type AdamState, adamStep, adamUpdate } from './adam';
import { gradients } from './gradients';
import { Graph, type Tensor } from './graph';
import type { Parameter } from './layers';
import { add } from './operations/arithmetic';
import { cast, gather } from './operations/shaping';
import { ShapeError } from './shape';

export interface StepTensors {
  /** The batch of each table of the data, by its name: (batchSize, …). */
  readonly batch: Readonly<Record<string, Tensor>>;
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** The graph that the step is built in. */
  readonly graph: Graph;
}

export interface TrainingGraphOptions {
  readonly parameters: readonly Parameter[];
  /** Name of each table of the data -> shape of one of its rows. */
  readonly tables: Readonly<Record<string, readonly number[]>>;
  readonly batchSize: number;
  readonly adam?: AdamOptions;
  /** Builds the forward pass and returns the batch's loss, a scalar. */
  readonly loss: (step: StepTensors) => Tensor;
}

/** Names of the graph's inputs; a parameter `p` comes in as `p`, `p.momentum`, `p.variance` and goes out as `next p` …. */
export const STEPS = 'steps';
export const STEPS_DONE = 'stepsDone';
export const LEARNING_RATE = 'learningRate';
export const BATCHES = 'batches';
export const LOSSES = 'losses';

export const stateNames = (parameter: string): [string, string, string] => [
  parameter,
  `${parameter}.momentum`,
  `${parameter}.variance`,
];
export const nextName = (state: string): string => `next ${state}`;

export function trainingGraph(options: TrainingGraphOptions): Uint8Array {
  const outer = new Graph();
  const steps = outer.input(STEPS, [], 'int64');
  const done = outer.input(STEPS_DONE, []);
  const learningRate = outer.input(LEARNING_RATE, []);
  const batches = outer.input(BATCHES, [STEPS, options.batchSize], 'int32');
  const tables = Object.entries(options.tables).map(
    ([name, row]) => [name, outer.input(name, [`rows of ${name}`, ...row])] as const,
  );
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
  const loss = options.loss({
    graph: body,
    batch: Object.fromEntries(tables.map(([name, table]) => [name, gather(table, rows)])),
    parameters: Object.fromEntries(options.parameters.map(({ name }, i) => [name, carried[i].parameter])),
  });
  if (loss.shape.length !== 0) throw new ShapeError('trainingGraph', 'the loss must be a scalar', [loss.shape]);

  const step = add(add(done, cast(iteration, 'float32')), outer.scalar(1));
  const adam = adamStep(learningRate, step, options.adam);
  const slopes = gradients(
    loss,
    carried.map(({ parameter }) => parameter),
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
  return outer.model();
}
