/**
 * How fast recurrent networks train on one core: forward pass, backward pass and Adam, in events a second, by the same
 * graphs as the trainers' and beside PyTorch's nn.LSTM of the same sizes. The two take turns, several times, and the
 * median of each counts. Then the trainer elmo as it is used.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { reduceMean, subtract } from '../src/training/onnx/operations/arithmetic';
import { square } from '../src/training/onnx/operations/elementwise';
import { transpose } from '../src/training/onnx/operations/shaping';
import { Random } from '../src/training/onnx/random';
import { type Cell, recurrent, recurrentParameters } from '../src/training/onnx/recurrent';
import { TrainingSession } from '../src/training/onnx/training-session';
import { elmo } from '../src/training/sequence2vec/elmo/elmo';
import { EventSequencesBuilder } from '../src/training/sequence2vec/event-sequences';
import type { Figure } from './figure';

const BENCH = 'recurrent';
const ROUNDS = 5;
const SECONDS = 2;
const STEPS_PER_CALL = 10;
const ROWS = 1024;

interface Work {
  readonly batch: number;
  readonly length: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
}

const WORKS: readonly Work[] = [
  { batch: 64, length: 20, inputs: 64, hidden: 128, layers: 1 },
  { batch: 64, length: 32, inputs: 64, hidden: 128, layers: 1 },
  { batch: 64, length: 32, inputs: 64, hidden: 128, layers: 2 },
  { batch: 64, length: 32, inputs: 128, hidden: 256, layers: 1 },
  { batch: 128, length: 32, inputs: 128, hidden: 512, layers: 1 },
];

export async function* figures(): AsyncIterable<Figure> {
  for (const work of WORKS) yield await lstmFigure(work);
  yield await elmoFigure();
}

async function lstmFigure(work: Work): Promise<Figure> {
  const { batch, length, inputs, hidden, layers } = work;
  const session = await openSession(work, 'lstm');
  const torch = await Torch.start(work);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await eventsPerSecond(session, work));
    if (torch) theirs.push(await torch.eventsPerSecond());
  }
  await session.close();
  torch?.stop();
  const value = median(ours);
  const peer = torch && median(theirs);
  const sizes = `batch ${batch}, length ${length}, inputs ${inputs}, hidden ${hidden}, ${layers === 1 ? 'one layer' : `${layers} layers`}`;
  return {
    bench: BENCH,
    figure: `LSTM training, ${sizes}, one thread${torch ? `, beside PyTorch ${torch.version}` : ''}`,
    value,
    unit: 'events/s',
    ...(peer !== undefined && { peer, ratio: value / peer }),
  };
}

async function openSession(work: Work, cell: Cell): Promise<TrainingSession> {
  const random = new Random(1);
  const layers = Array.from({ length: work.layers }, (_, i) => ({
    name: `layer ${i}`,
    cell,
    inputs: i === 0 ? work.inputs : work.hidden,
    units: work.hidden,
  }));
  return TrainingSession.open(
    {
      parameters: layers.flatMap((layer) => recurrentParameters(layer, random)),
      tables: { x: [work.length, work.inputs] },
      batchSize: work.batch,
      loss: ({ batch, parameters }) => {
        const x = transpose(batch.x, [1, 0, 2]);
        const states = layers.reduce((below, layer) => recurrent(below, layer, parameters), x);
        // Towards a half, not towards nothing: states that fade into denormals would be what is measured.
        return reduceMean(square(subtract(states, states.graph.scalar(0.5))));
      },
    },
    { x: Float32Array.from({ length: ROWS * work.length * work.inputs }, () => random.normal()) },
  );
}

async function eventsPerSecond(session: TrainingSession, { batch, length }: Work): Promise<number> {
  const random = new Random(2);
  let events = 0;
  const start = performance.now();
  while (performance.now() - start < SECONDS * 1000) {
    await session.train(
      Int32Array.from({ length: STEPS_PER_CALL * batch }, () => random.below(ROWS)),
      1e-3,
    );
    events += STEPS_PER_CALL * batch * length;
  }
  return events / ((performance.now() - start) / 1000);
}

/** A Python with PyTorch that waits for its turns. KINDRED_BENCH_PYTHON names one. */
class Torch {
  private constructor(
    private readonly process: ChildProcessWithoutNullStreams,
    private readonly lines: AsyncIterator<string>,
    readonly version: string,
  ) {}

  static async start({ batch, length, inputs, hidden, layers }: Work): Promise<Torch | undefined> {
    const python = process.env.KINDRED_BENCH_PYTHON ?? 'python3';
    if (spawnSync(python, ['-c', 'import torch']).status !== 0) {
      console.error(`PyTorch is not compared with: ${python} has none (name another Python in KINDRED_BENCH_PYTHON).`);
      return undefined;
    }
    const script = join(__dirname, 'peers', 'torch-lstm.py');
    const args = [script, ...[batch, length, inputs, hidden, layers, SECONDS].map(String)];
    const child = spawn(python, args, { env: { ...process.env, OMP_NUM_THREADS: '1' } });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new Torch(child, lines, (await lines.next()).value as string);
  }

  async eventsPerSecond(): Promise<number> {
    this.process.stdin.write('\n');
    return Number((await this.lines.next()).value);
  }

  stop(): void {
    this.process.stdin.end();
  }
}

/** Card payments of 2,000 made-up accounts, 50 each, learned by the trainer's defaults. */
async function elmoFigure(): Promise<Figure> {
  const random = new Random(3);
  const builder = new EventSequencesBuilder();
  for (let account = 0; account < 2000; account++)
    for (let at = 0; at < 50; at++)
      builder.add({
        key: `account ${account}`,
        thing: `merchant ${Math.floor(1000 * random.uniform() ** 2)}`,
        occurredAt: at * 3_600_000,
        amount: Math.exp(random.normal()),
      });
  const data = builder.build();
  const options = elmo.options.parse({ epochs: 2 });
  const start = performance.now();
  await elmo.train(data, options);
  const seconds = (performance.now() - start) / 1000;
  return {
    bench: BENCH,
    figure:
      'elmo training, 2,000 sequences of 50 payments at 1,000 merchants, defaults, 2 epochs, preparation included',
    value: (2 * data.things.length) / seconds,
    unit: 'events/s',
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
