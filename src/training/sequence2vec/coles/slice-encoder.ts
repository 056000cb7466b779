/** Runs a network of slices over whole sequences: the newest events of each, as many as the network was made for. */
import { Graph } from '../../onnx/graph';
import { Session } from '../../onnx/session';
import { rowShape } from '../../onnx/training-graph';
import type { Tables } from '../../onnx/training-session';
import { unitLength } from '../../onnx/unit-length';
import { NO_EVENT } from '../event-inputs';
import type { SliceNetwork } from './contrastive-training';

/** Sequences in one call of the runtime: few, because a single question waits for all of them. */
export const ROWS_A_CALL = 64;
const VECTORS = 'vectors of sequences';

/** The forward half with trained weights in it, for ROWS_A_CALL sequences of `length` events. */
export function servedNetwork(
  network: SliceNetwork,
  values: ReadonlyMap<string, Float32Array>,
  length: number,
): Uint8Array {
  const graph = new Graph();
  const events = Object.fromEntries(
    Object.entries(network.tables).map(([name, shape]) => {
      const { row, type } = rowShape(shape);
      return [name, graph.input(name, [ROWS_A_CALL * length, ...row], type)];
    }),
  );
  const parameters = Object.fromEntries(
    network.parameters.map(({ name, shape }) => [name, graph.constant(name, shape, values.get(name)!)]),
  );
  graph.output(unitLength(network.encode({ graph, events, parameters }, { rows: ROWS_A_CALL, length })), VECTORS);
  return graph.model();
}

export interface EncodedSequences {
  readonly offsets: Int32Array;
  /** As in training: numbers of events, NO_EVENT for none. */
  readonly rowsOf: (events: Int32Array) => Tables;
  /** Whether the network knows anything of an event; sequences of none get zeros. @default all of them */
  readonly isKnown?: (event: number) => boolean;
}

export class SliceEncoder {
  private constructor(
    private readonly session: Session,
    private readonly tables: SliceNetwork['tables'],
    readonly length: number,
    readonly dimension: number,
  ) {}

  static async open(
    network: Uint8Array,
    { tables, length, dimension }: { tables: SliceNetwork['tables']; length: number; dimension: number },
  ): Promise<SliceEncoder> {
    return new SliceEncoder(await Session.open(network), tables, length, dimension);
  }

  /** @returns (sequences, dimension), each of length 1, or zeros for one without a known event */
  async encode({ offsets, rowsOf, isKnown = () => true }: EncodedSequences): Promise<Float32Array> {
    const sequences = offsets.length - 1;
    const { length, dimension } = this;
    const vectors = new Float32Array(sequences * dimension);
    for (let first = 0; first < sequences; first += ROWS_A_CALL) {
      const count = Math.min(ROWS_A_CALL, sequences - first);
      const events = new Int32Array(ROWS_A_CALL * length).fill(NO_EVENT);
      const known = new Uint8Array(count);
      for (let row = 0; row < count; row++) {
        // The newest that are known, the very newest last.
        let at = (row + 1) * length;
        for (let event = offsets[first + row + 1] - 1; event >= offsets[first + row] && at > row * length; event--)
          if (isKnown(event)) events[--at] = event;
        known[row] = +(at < (row + 1) * length);
      }
      const encoded = (await this.session.run(this.feeds(rowsOf(events)), [VECTORS]))[VECTORS];
      for (let row = 0; row < count; row++)
        if (known[row])
          vectors.set(encoded.subarray(row * dimension, (row + 1) * dimension), (first + row) * dimension);
    }
    return vectors;
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private feeds(tables: Tables) {
    return Object.fromEntries(
      Object.entries(this.tables).map(([name, shape]) => [
        name,
        { data: tables[name], dims: [ROWS_A_CALL * this.length, ...rowShape(shape).row] },
      ]),
    );
  }
}
