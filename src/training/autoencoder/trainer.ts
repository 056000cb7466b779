/**
 * Trains an autoencoder on feature rows: a network that has learned to reproduce normal traffic through a bottleneck
 * reproduces the abnormal badly (Hawkins et al. 2002). It runs on the calling thread; `background.ts` keeps it off the
 * serving one.
 */
import { CancelledError, InputError, KindredError } from '../../errors';
import type { FeatureMatrix } from '../feature-matrix';
import { Random } from '../onnx/random';
import { TrainingSession } from '../onnx/training-session';
import type { Trainer, TrainingContext } from '../trainer';
import { epochBatches, splitRows } from './batches';
import { fitCalibration } from './calibration';
import type { AutoencoderModel } from './model';
import { network, servedGraph, trainingOptions } from './network';
import { type AutoencoderOptions, autoencoderOptions, checkRelations } from './options';
import { Reconstructor, rowErrors, squaredErrors } from './reconstruction';
import { fitScaling, requireFinite, standardise } from './scaling';
import { thresholdFor } from './threshold';
import { Validation } from './validation';

export const autoencoder: Trainer<AutoencoderOptions, FeatureMatrix, AutoencoderModel> = {
  name: 'autoencoder',
  options: autoencoderOptions,
  check: checkRelations,
  // Several threads may add the parts of a sum in another order.
  isDeterministic: ({ threads }) => threads === 1,
  train,
};

/** Seeds of the independent streams of random numbers, apart from each other and from the network's own. */
const SPLIT_STREAM = 0x5eed_0001;
const BATCH_STREAM = 0x5eed_0002;

/** A feature's mean squared error counts as no less than this: a deviation of 3 % of the feature's own. */
const LEAST_RESIDUAL = 1e-3;

async function train(data: FeatureMatrix, options: AutoencoderOptions, context: TrainingContext = {}) {
  checkRelations(options);
  requireRows(data);
  // The threshold's rule is checked before the long work, on a calibration that is of no account.
  thresholdFor(options, { errors: Float64Array.of(1), shares: Float64Array.of(0.5), rows: 1 }, data.rowsPerDay);
  const { training, heldOut } = splitRows(data.rows, options.validationShare, new Random(options.seed ^ SPLIT_STREAM));
  const scaling = fitScaling(data, training, options.clip);
  const net = network(data.columns.length, options);
  const fitted = await trainNetwork(net, options, context, {
    training: standardise(pickRows(data, training), scaling),
    heldOut: standardise(pickRows(data, heldOut), scaling),
  });
  const served = {
    columns: data.columns,
    codeDimension: net.codeDimension,
    network: servedGraph(net, fitted.values),
    scaling,
  };
  const normal = pickRows(data, heldOut.length > 0 ? heldOut : training);
  const { errorWeights, errors } = await measureErrors(served, normal, options);
  const calibration = fitCalibration(errors);
  const model: AutoencoderModel = {
    ...served,
    errorWeights,
    calibration,
    threshold: thresholdFor(options, calibration, data.rowsPerDay),
    rowsPerDay: data.rowsPerDay,
    options,
    facts: { ...fitted.facts, rows: data.rows, trainingRows: training.length, heldOutRows: heldOut.length },
  };
  return Object.freeze(model);
}

interface Fitted {
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly facts: Readonly<Record<string, number | boolean>>;
}

async function trainNetwork(
  net: ReturnType<typeof network>,
  options: AutoencoderOptions,
  { signal, onProgress }: TrainingContext,
  rows: { training: Float32Array; heldOut: Float32Array },
): Promise<Fitted> {
  const count = rows.training.length / net.columns;
  const batchSize = Math.min(options.batchSize, count);
  const random = new Random(options.seed ^ BATCH_STREAM);
  const { threads } = options;
  const session = await TrainingSession.open(
    trainingOptions(net, options, batchSize),
    { rows: rows.training },
    { threads, signal },
  );
  const validation = await Validation.open(net, options, rows.heldOut);
  try {
    let trainingLoss = Number.NaN;
    let epoch = 0;
    while (epoch < options.epochs && !validation.isExhausted) {
      epoch++;
      const batches = epochBatches(count, batchSize, random);
      const perCall = options.stepsPerCall * batchSize;
      let sum = 0;
      for (let start = 0; start < batches.length; start += perCall) {
        if (signal?.aborted) throw new CancelledError('Training');
        const losses = await session.train(batches.slice(start, start + perCall), options.learningRate);
        const callSum = losses.reduce((total, loss) => total + loss, 0);
        sum += callSum;
        onProgress?.({
          phase: `epoch ${epoch} of ${options.epochs}`,
          done: Math.min(count, start + perCall),
          total: count,
          loss: callSum / losses.length,
        });
      }
      trainingLoss = sum / (batches.length / batchSize);
      requireFiniteLoss(trainingLoss, options);
      await validation.judge(session.values(), epoch);
    }
    return {
      values: validation.best ?? session.values(),
      facts: {
        steps: session.steps,
        rowsSeen: session.steps * batchSize,
        epochs: epoch,
        stoppedEarly: epoch < options.epochs,
        trainingLoss,
        ...validation.facts,
      },
    };
  } finally {
    await session.close();
    await validation.close();
  }
}

/** The weights of the features in a row's error, and the errors of these rows under them. */
async function measureErrors(
  served: Pick<AutoencoderModel, 'columns' | 'codeDimension' | 'network' | 'scaling'>,
  normal: Float32Array,
  { rowError, threads }: AutoencoderOptions,
) {
  const reconstructor = await Reconstructor.load(served, { threads });
  try {
    const { expected } = await reconstructor.reconstruct(normal);
    const squares = squaredErrors(normal, served.scaling, expected);
    const width = served.columns.length;
    const residuals = new Float64Array(width);
    for (let i = 0; i < squares.length; i++) residuals[i % width] += squares[i] / (squares.length / width);
    const errorWeights = residuals.map(
      (residual) => (rowError === 'equal' ? 1 : 1 / Math.max(residual, LEAST_RESIDUAL)) / width,
    );
    return { errorWeights, errors: rowErrors(squares, errorWeights) };
  } finally {
    await reconstructor.close();
  }
}

function requireRows(data: FeatureMatrix): void {
  if (data.rows < 1 || data.columns.length < 1)
    throw new KindredError('EMPTY_CORPUS', 'There are no rows of features to learn from.', {
      remedy: 'Ingest transactions, or widen the days to train on.',
    });
  if (data.values.length !== data.rows * data.columns.length)
    throw new InputError(
      'values',
      `${data.values.length} values are not ${data.rows} rows of ${data.columns.length}.`,
      {
        remedy: 'Give one value a column for each row.',
      },
    );
  requireFinite(data.values, data.columns);
}

function requireFiniteLoss(loss: number, { learningRate }: AutoencoderOptions): void {
  if (Number.isFinite(loss)) return;
  throw new KindredError('TRAINING_FAILED', `The loss became ${loss}.`, {
    remedy: `Lower learningRate (it is ${learningRate}), or clip.`,
    facts: { learningRate },
  });
}

/** Memory of its own, whatever the matrix lies in: the runtime cannot read what threads share. */
function pickRows({ columns, values }: FeatureMatrix, rows: Int32Array): Float32Array {
  const width = columns.length;
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    picked.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return picked;
}
