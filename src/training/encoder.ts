/** What turns sequences and texts that came after training into vectors of a trained model's space. */
import type { EventSequences } from './sequence2vec/event-sequences';

/** What a model can do for events and texts that it has not seen. */
export interface Encoder {
  /** Length of the vectors of the space. */
  readonly dimension: number;
  /** Whether it has learned a thing, or a text tells it anything. What it does not know is named to whoever asks. */
  knows(thing: string): boolean;
  /**
   * Whether it learned from events of things that it does not know too, by when they were, how much and of which categories.
   * Then they are part of the sequences that it is asked about; otherwise they are left out. @default false
   */
  readonly readsUnknown?: boolean;
  /** One vector a sequence: (sequences, dimension) row-major f32; zeros where it knows nothing of a sequence. */
  readonly sequence?: (sequences: EventSequences) => Promise<Float32Array>;
  /** One vector an event: (events, contextDimension), such as [T, h_left, h_right] (Peters et al. 2018). */
  readonly contexts?: (sequences: EventSequences) => Promise<{ dimension: number; vectors: Float32Array }>;
  /** Every layer of each event, for the weights that a task learns over them (elmo/task-weights.ts). */
  readonly layers?: (sequences: EventSequences) => Promise<Layers>;
  /**
   * What comes next: one question a sequence, (sequences, dimension); question . output + outputBias ranks the things.
   * Zeros where it knows nothing of a sequence.
   */
  readonly next?: (sequences: EventSequences) => Promise<Float32Array>;
  /** One vector a text: (texts, dimension); zeros where nothing of a text is known. */
  readonly text?: (texts: readonly string[]) => Promise<Float32Array>;
  close(): Promise<void>;
}

/** An event's vectors, the layers of Peters et al. one after the other: [T, T], then [h_left, h_right] of each. */
export interface Layers {
  /** Layers of the network and T. */
  readonly layers: number;
  /** Length of a layer's vector: twice the dimension. */
  readonly width: number;
  /** (events, layers, width) */
  readonly vectors: Float32Array;
}

export type Artifacts = Readonly<Record<string, Uint8Array>>;
export type Loader = (artifacts: Artifacts) => Promise<Encoder>;
