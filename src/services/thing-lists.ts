/** What questions about the things of a space share: the vectors that they start from, and pages of things with their bands. */
import type { Entry, Page, PageRequest } from '../domain/answers';
import type { Model } from '../domain/model';
import type { Catalogued, PopularityBand, Thing } from '../domain/things';
import { KindredError } from '../errors';
import type { Database } from '../stores/database';
import { undefinedTable } from '../stores/failures';
import { findVectors, type StoredVector } from '../stores/frequencies';
import { vectorTableName } from '../stores/vectors';
import { fieldOf, type SequenceOptions } from '../training/sequence2vec/sequence-options';
import type { Cuts, Popularity } from './popularity';
import type { RankedLists } from './ranking';
import { modelNotFound } from './registry';

export interface VectorQuestion {
  /** What tells this list from others of the same model. */
  question: unknown;
  vector: Float32Array;
  exclude: readonly string[];
  band?: PopularityBand;
  page: PageRequest;
  /** See VersionList. */
  asOf?: Date;
}

/** A thing of the question. */
export interface KnownThing extends StoredVector {
  /** At unit length; zeros stay zeros. */
  unit: Float32Array;
}

export class ThingLists {
  constructor(
    private readonly database: Database,
    private readonly lists: RankedLists,
    private readonly popularity: Popularity,
  ) {}

  /** The things nearest to a vector by cosine, best first. */
  async nearest(model: Model, asked: VectorQuestion): Promise<Page<Entry<Thing>>> {
    const { question, vector, exclude, band, page, asOf } = asked;
    const cuts = await this.cuts(model);
    const found = await this.lists.pageOf(model, {
      question: [question, band ?? null],
      page,
      ranking: 'VECTORS',
      from: { by: 'vector', vector },
      asOf,
      request: { exclude, ...cuts.within(band) },
    });
    const thing = thingOf(model, cuts);
    return { ...found, entries: found.entries.map(({ node, ...entry }) => ({ ...entry, node: thing(node) })) };
  }

  /** As things of an answer. */
  async things(model: Model, known: readonly StoredVector[]): Promise<Thing[]> {
    return known.map(thingOf(model, await this.cuts(model)));
  }

  /** In the order of `ids`; undefined where the version has no vector of one. */
  async find(model: Model, ids: readonly string[]): Promise<(KnownThing | undefined)[]> {
    const rows = await this.versioned(model, findVectors(this.database, tableOf(model), ids));
    const byId = new Map(rows.map((row) => [row.id, { ...row, unit: unitOf(row.vector) }]));
    return ids.map((id) => byId.get(id));
  }

  /** @throws KindredError NOT_FOUND naming every id that the version has no vector of */
  async known(model: Model, field: string, ids: readonly string[]): Promise<KnownThing[]> {
    const found = await this.find(model, ids);
    const unknown = ids.filter((_, at) => found[at] === undefined);
    if (unknown.length === 0) return found as KnownThing[];
    throw noVector(model, `${field}[${ids.indexOf(unknown[0])}]`, unknown);
  }

  private cuts(model: Model): Promise<Cuts> {
    return this.versioned(model, this.popularity.of(model));
  }

  private async versioned<Result>(model: Model, reading: Promise<Result>): Promise<Result> {
    try {
      return await reading;
    } catch (error) {
      if (undefinedTable(error)) throw modelNotFound(model.id, 'model');
      throw error;
    }
  }
}

const tableOf = ({ space, version }: Model): string => vectorTableName(space, version);

function thingOf(model: Model, cuts: Cuts): (row: { id: string; frequency: number }) => Thing {
  const catalogued = cataloguedAs(model);
  return ({ id, frequency }) => ({ id, frequency, band: cuts.bandOf(frequency), catalogued });
}

/** Trainers whose vectors are of whole sequences, named by whose they are. */
const OF_SEQUENCES: ReadonlySet<string> = new Set(['doc2vec', 'pooling', 'coles']);

/** Where ids of a model's things have titles: items are items, users are users, the rest has none. */
export function cataloguedAs({ trainer, options }: Pick<Model, 'trainer' | 'options'>): Catalogued | undefined {
  if (trainer === 'node2vec') return 'user';
  if (trainer === 'autoencoder') return undefined;
  // Models of before these options were of sessions and itemIds.
  const { sequences = 'sessions', field = 'auto' } = options as Partial<SequenceOptions>;
  if (OF_SEQUENCES.has(trainer)) return sequences === 'accounts' ? undefined : 'user';
  return fieldOf({ sequences, field }) === 'itemId' ? 'item' : undefined;
}

export function unitOf(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}

function noVector(model: Model, field: string, unknown: readonly string[]): KindredError {
  const [first, ...more] = unknown.map((id) => JSON.stringify(id.length > 80 ? `${id.slice(0, 80)}…` : id));
  const named = more.length === 0 ? `${first} has` : `${[first, ...more.slice(0, 9)].join(', ')} have`;
  return new KindredError('NOT_FOUND', `${named} no vector in "${model.id}".`, {
    field,
    remedy: 'Check the id; something that arrived after training gets a vector at the next one.',
    facts: { modelId: model.id, unknown: unknown.slice(0, 10) },
  });
}
