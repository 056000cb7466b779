/**
 * Fills an empty store with simulated records, and remembers that it did: so that nobody takes them for real, and that a
 * filling that was killed goes on at the next start. What is told is the caller's affair. Telling a batch twice adds
 * nothing, since its records have the same ids.
 */
import type { StreamName, StreamRecord } from '../domain/events';
import { KindredError } from '../errors';
import type { Database } from '../stores/database';
import { hasRecords, readNote, writeNote } from '../stores/notes';

/** Ids that make good examples of what the store can answer. */
export interface SimulationExamples {
  readonly itemId: string;
  readonly userId: string;
  readonly transactionId: string;
}

export interface SimulationNote {
  readonly told: 'partly' | 'wholly';
  /** Says in a sentence what the records are. */
  readonly about: string;
  /** Options that make the same records again. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly examples: SimulationExamples;
}

/** `own`: it holds records, and none of them came from a simulation. */
export type StoreContent =
  | { readonly kind: 'empty' }
  | { readonly kind: 'own' }
  | { readonly kind: 'simulated'; readonly note: SimulationNote };

export type SimulatedBatch = { [S in StreamName]: { stream: S; records: StreamRecord[S][] } }[StreamName];

export interface Recorder {
  record<S extends StreamName>(stream: S, records: readonly StreamRecord[S][]): Promise<unknown>;
}

export interface Telling {
  readonly note: Omit<SimulationNote, 'told'>;
  readonly batches: Iterable<SimulatedBatch>;
  readonly signal?: AbortSignal;
  /** Called after each batch with the records told so far. */
  readonly onTold?: (stream: StreamName, records: number) => void;
}

const NOTE = 'simulation';

export class Simulation {
  constructor(
    private readonly database: Database,
    private readonly recorder: Recorder,
  ) {}

  async content(): Promise<StoreContent> {
    const note = await readNote<SimulationNote>(this.database, NOTE);
    if (note) return { kind: 'simulated', note };
    return { kind: (await hasRecords(this.database)) ? 'own' : 'empty' };
  }

  /**
   * Tells the batches into the store, from the beginning also after an interruption. Returns the records told.
   * @throws KindredError BAD_USER_INPUT when the store holds records of its own; CANCELLED between two batches
   */
  async tell({ note, batches, signal, onTold }: Telling): Promise<number> {
    const content = await this.content();
    if (content.kind === 'own')
      throw new KindredError('BAD_USER_INPUT', 'The store holds records of its own; simulated ones are not mixed in.', {
        remedy: 'Use another folder: --data-dir DIR.',
      });
    // Written first: a store that is half told is known to be simulated.
    await writeNote(this.database, NOTE, { ...note, told: 'partly' }, new Date());
    let told = 0;
    for (const { stream, records } of batches) {
      if (signal?.aborted)
        throw new KindredError('CANCELLED', 'Filling the store was cancelled.', {
          remedy: 'Start again: it goes on where it was.',
        });
      await this.recorder.record(stream, records as StreamRecord[typeof stream][]);
      told += records.length;
      onTold?.(stream, told);
    }
    await writeNote(this.database, NOTE, { ...note, told: 'wholly' }, new Date());
    return told;
  }
}
