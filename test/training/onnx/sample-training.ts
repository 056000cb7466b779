/** A small training run, for the threads that are compared. */
import { dense, denseParameters } from '../../../src/training/onnx/layers';
import { meanSquaredError } from '../../../src/training/onnx/losses';
import { relu } from '../../../src/training/onnx/operations/elementwise';
import { Random } from '../../../src/training/onnx/random';
import { TrainingSession } from '../../../src/training/onnx/training-session';

export async function trainSample(): Promise<Float32Array> {
  const random = new Random(1);
  const x = Float32Array.from({ length: 600 }, () => random.normal());
  const first = denseParameters('first', { inputs: 6, outputs: 20, activation: 'relu' }, random);
  const second = denseParameters('second', { inputs: 20, outputs: 6, activation: 'linear' }, random);
  const session = await TrainingSession.open(
    {
      parameters: [...first, ...second],
      tables: { x: [6] },
      batchSize: 10,
      loss: ({ batch, parameters: p }) => {
        const hidden = relu(dense(batch.x, p['first.weights'], p['first.bias']));
        return meanSquaredError(dense(hidden, p['second.weights'], p['second.bias']), batch.x);
      },
    },
    { x },
  );
  await session.train(
    Int32Array.from({ length: 500 }, () => random.below(100)),
    0.01,
  );
  const weights = session.values().get('second.weights')!;
  await session.close();
  return weights;
}
