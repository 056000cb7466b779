/** Says what comes next for sequences that came after training: a model's artifacts, opened. */
import { KindredError } from '../../../errors';
import type { Artifacts, Encoder, Loader } from '../../encoder';
import { Session } from '../../onnx/session';
import type { EventSequences } from '../event-sequences';
import { historiesOf, historiesPerCall } from './histories';
import { HISTORY, LAST, QUESTION } from './network';

const NETWORK = 'network.onnx';
const THINGS = 'things.json';

interface Description {
  readonly ids: readonly string[];
  readonly dimension: number;
  readonly slots: number;
  /** Absent from models of before it was written down. */
  readonly heads?: number;
}

/** The most that a model can have. */
const MOST_HEADS = 64;

export function artifactsOf(network: Uint8Array, description: Description): Record<string, Uint8Array> {
  return { [NETWORK]: network, [THINGS]: Buffer.from(JSON.stringify(description)) };
}

export const loadEncoder: Loader = async (artifacts) => {
  const {
    ids,
    dimension,
    slots,
    heads = MOST_HEADS,
  } = JSON.parse(Buffer.from(part(artifacts, THINGS)).toString()) as Description;
  const session = await Session.open(part(artifacts, NETWORK));
  const rows = new Map(ids.map((id, row) => [id, row]));
  return {
    dimension,
    knows: (thing) => rows.has(thing),
    next: (sequences) => questionsOf(session, { rows, dimension, slots, heads }, sequences),
    close: () => session.close(),
  } satisfies Encoder;
};

async function questionsOf(
  session: Session,
  {
    rows,
    dimension,
    slots,
    heads,
  }: { rows: ReadonlyMap<string, number>; dimension: number; slots: number; heads: number },
  { keys, ids, offsets, things }: EventSequences,
): Promise<Float32Array> {
  const rowOf = Int32Array.from(ids, (id) => rows.get(id) ?? -1);
  const questions = new Float32Array(keys.length * dimension);
  const perCall = historiesPerCall({ heads, slots });
  let waiting: { sequence: number; known: number[] }[] = [];
  const ask = async () => {
    const { history, last } = historiesOf(
      waiting.map(({ known }) => known),
      slots,
    );
    const dims = [waiting.length, slots];
    const feeds = { [HISTORY]: { data: history, dims }, [LAST]: { data: last, dims } };
    const { [QUESTION]: answers } = await session.run(feeds, [QUESTION]);
    waiting.forEach(({ sequence }, i) => {
      questions.set(answers.subarray(i * dimension, (i + 1) * dimension), sequence * dimension);
    });
    waiting = [];
  };
  for (let sequence = 0; sequence < keys.length; sequence++) {
    const known: number[] = [];
    // From the newest back, no further than the network looks.
    for (let at = offsets[sequence + 1] - 1; at >= offsets[sequence] && known.length < slots; at--)
      if (rowOf[things[at]] >= 0) known.push(rowOf[things[at]]);
    if (known.length > 0) waiting.push({ sequence, known: known.reverse() });
    if (waiting.length === perCall) await ask();
  }
  if (waiting.length > 0) await ask();
  return questions;
}

function part(artifacts: Artifacts, name: string): Uint8Array {
  if (artifacts[name]) return artifacts[name];
  throw new KindredError('MODEL_CORRUPT', `The model has no ${name}.`, {
    remedy: 'Train it again: kindred train sasrec',
  });
}
