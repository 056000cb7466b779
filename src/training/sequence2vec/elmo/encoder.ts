/** Contextual vectors of events that came after training, and what comes next: what is kept of a model, and what opens it. */
import { KindredError } from '../../../errors';
import type { Artifacts, Encoder, Layers, Loader } from '../../encoder';
import { Session } from '../../onnx/session';
import { rowShape } from '../../onnx/training-graph';
import { type EventInputs, eventReader, eventTables, NO_EVENT } from '../event-inputs';
import type { EventSequences } from '../event-sequences';
import { DIRECTIONS, type Direction, LENGTHS, layerOutput } from './network';

/** model.json */
interface Description {
  readonly dimension: number;
  readonly layers: number;
  readonly maxLength: number;
  readonly inputs: EventInputs;
}

const DESCRIPTION = 'model.json';
const NETWORK = 'network.onnx';
/** (things + 1, dimension): T, whose row 0 is that of unknown things. */
const THINGS = 'things.f32';

export function elmoArtifacts(
  { dimension, layers, maxLength, inputs }: Description,
  network: Uint8Array,
  things: Float32Array,
): Record<string, Uint8Array> {
  return {
    [DESCRIPTION]: Buffer.from(JSON.stringify({ dimension, layers, maxLength, inputs })),
    [NETWORK]: network,
    [THINGS]: new Uint8Array(things.buffer, things.byteOffset, things.byteLength),
  };
}

/** Padded steps in one call of the runtime, at most, unless a single sequence is longer. */
const STEPS_A_CALL = 16_384;

export class ElmoEncoder implements Encoder {
  readonly readsUnknown = true;

  private constructor(
    private readonly session: Session,
    private readonly description: Description,
    private readonly table: Float32Array,
    private readonly known: ReadonlySet<string>,
  ) {}

  static async open(artifacts: Artifacts): Promise<ElmoEncoder> {
    const part = (name: string): Uint8Array => {
      if (artifacts[name]) return artifacts[name];
      throw new KindredError('MODEL_CORRUPT', `The model's ${name} is missing.`, {
        remedy: 'Roll back to an earlier version, or train anew.',
      });
    };
    const description = JSON.parse(Buffer.from(part(DESCRIPTION)).toString()) as Description;
    // A copy starts where floats may.
    const table = new Float32Array(new Uint8Array(part(THINGS)).buffer);
    const session = await Session.open(part(NETWORK));
    return new ElmoEncoder(session, description, table, new Set(description.inputs.things));
  }

  get dimension(): number {
    return this.description.dimension;
  }

  knows(thing: string): boolean {
    return this.known.has(thing);
  }

  /** [T, h_left, h_right] of the top layer for each event, each dimension long. */
  async contexts(sequences: EventSequences): Promise<{ dimension: number; vectors: Float32Array }> {
    const { dimension, layers } = this.description;
    const vectors = new Float32Array(sequences.things.length * 3 * dimension);
    this.writeThings(sequences, (event) => vectors.subarray(event * 3 * dimension));
    await this.run(sequences, [layers - 1], (direction, _layer, event, state) => {
      vectors.set(state, (3 * event + (direction === 'forward' ? 1 : 2)) * dimension);
    });
    return { dimension: 3 * dimension, vectors };
  }

  /** Every layer of each event, for weights that a task learns (task-weights.ts). */
  async layers(sequences: EventSequences): Promise<Layers> {
    const { dimension, layers } = this.description;
    const width = 2 * dimension;
    const rows = layers + 1;
    const vectors = new Float32Array(sequences.things.length * rows * width);
    this.writeThings(sequences, (event) => vectors.subarray(event * rows * width));
    this.writeThings(sequences, (event) => vectors.subarray(event * rows * width + dimension));
    await this.run(sequences, [...Array(layers).keys()], (direction, layer, event, state) => {
      const at = (event * rows + layer + 1) * width;
      vectors.set(state, direction === 'forward' ? at : at + dimension);
    });
    return { layers: rows, width, vectors };
  }

  /** The forward model's top state after the newest event, which asks the softmax's table; zeros where no thing is known. */
  async next(sequences: EventSequences): Promise<Float32Array> {
    const { dimension, layers, maxLength } = this.description;
    const { offsets, things, ids } = sequences;
    const count = offsets.length - 1;
    const questions = new Float32Array(count * dimension);
    const known = Uint8Array.from(ids, (id) => (this.known.has(id) ? 1 : 0));
    const newest = new Map<number, number>();
    const starts = Int32Array.from({ length: count }, (_, s) => Math.max(offsets[s], offsets[s + 1] - maxLength));
    for (let s = 0; s < count; s++)
      if (things.subarray(starts[s], offsets[s + 1]).some((thing) => known[thing] === 1))
        newest.set(offsets[s + 1] - 1, s);
    await this.run(
      sequences,
      [layers - 1],
      (_direction, _layer, event, state) => {
        const sequence = newest.get(event);
        if (sequence !== undefined) questions.set(state, sequence * dimension);
      },
      { starts, directions: ['forward'] },
    );
    return questions;
  }

  close(): Promise<void> {
    return this.session.close();
  }

  /** T of each event's thing; that of unknown things where it has none of its own. */
  private writeThings({ ids, things }: EventSequences, into: (event: number) => Float32Array): void {
    const { dimension, inputs } = this.description;
    const rows = new Map(inputs.things.map((name, i) => [name, i + 1]));
    const rowOf = ids.map((id) => rows.get(id) ?? 0);
    things.forEach((thing, event) => {
      const row = rowOf[thing];
      into(event).set(this.table.subarray(row * dimension, (row + 1) * dimension));
    });
  }

  /** Runs sequences of about the same length together, so that little is padded, and hands out the states of each event. */
  private async run(
    sequences: EventSequences,
    layers: readonly number[],
    take: (direction: Direction, layer: number, event: number, state: Float32Array) => void,
    {
      starts = sequences.offsets.subarray(0, -1),
      directions = DIRECTIONS,
    }: { starts?: Int32Array; directions?: readonly Direction[] } = {},
  ): Promise<void> {
    const { dimension, inputs } = this.description;
    const rowsOf = eventReader(inputs, sequences);
    const tables = Object.entries(eventTables(inputs)).map(([name, shape]) => ({ name, row: rowShape(shape).row }));
    for (const group of groupsOf(starts, sequences.offsets.subarray(1))) {
      const { events, lengths, rows } = group;
      const read = rowsOf(events);
      const outputs = directions.flatMap((direction) => layers.map((layer) => ({ direction, layer })));
      const results = await this.session.run(
        {
          ...Object.fromEntries(
            tables.map(({ name, row }) => [name, { data: read[name], dims: [events.length, ...row] }]),
          ),
          [LENGTHS]: { data: lengths, dims: [rows] },
        },
        outputs.map(({ direction, layer }) => layerOutput(direction, layer)),
      );
      for (const { direction, layer } of outputs) {
        const states = results[layerOutput(direction, layer)];
        events.forEach((event, at) => {
          if (event !== NO_EVENT) take(direction, layer, event, states.subarray(at * dimension, (at + 1) * dimension));
        });
      }
    }
  }
}

interface Group {
  readonly rows: number;
  readonly lengths: Int32Array;
  /** (time, rows): numbers of events, NO_EVENT after a sequence's end. */
  readonly events: Int32Array;
}

function* groupsOf(starts: Int32Array, ends: Int32Array): Generator<Group> {
  const lengthOf = (s: number) => ends[s] - starts[s];
  const order = Int32Array.from(starts.keys())
    .filter((s) => lengthOf(s) > 0)
    .sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && (end + 1 - first) * lengthOf(order[end]) <= STEPS_A_CALL) end++;
    const members = order.subarray(first, end);
    const rows = members.length;
    const events = new Int32Array(rows * lengthOf(order[end - 1])).fill(NO_EVENT);
    members.forEach((sequence, row) => {
      for (let t = 0; t < lengthOf(sequence); t++) events[t * rows + row] = starts[sequence] + t;
    });
    yield { rows, events, lengths: members.map(lengthOf) };
    first = end;
  }
}

/** What openEncoder (encoders.ts) calls. */
export const loadEncoder: Loader = (artifacts) => ElmoEncoder.open(artifacts);
