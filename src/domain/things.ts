/** Questions to vectors of any space, and their answers. A thing is whatever a space has vectors of: items, merchants, users. */
import type { Entry, Page } from './answers';
import type { Model } from './model';

/** How popular a thing is, by how often its model saw it: see services/popularity.ts for where bands begin. */
export const POPULARITY_BANDS = ['HIGH', 'MIDDLE', 'LOW'] as const;
export type PopularityBand = (typeof POPULARITY_BANDS)[number];

/** In which catalogue a thing has its title. */
export type Catalogued = 'item' | 'user';

export interface Thing {
  id: string;
  /** How often the model saw it; of a whole sequence, how many events it has. */
  frequency: number;
  band: PopularityBand;
  catalogued?: Catalogued;
}

export interface ThingPage extends Page<Entry<Thing>> {
  /** What of the question the model does not know, and left out. */
  unknown: readonly string[];
}

/** An event of a sequence that came after training. */
export interface SequenceQuestionEvent {
  thing: string;
  /** Undefined: now, in the order given. */
  occurredAt?: Date;
  amount?: number;
  categories?: readonly { name: string; value: string }[];
}

export interface OddOneOut {
  odd: OddCandidate;
  /** In the order of the question. */
  candidates: readonly OddCandidate[];
  model: Model;
}

export interface OddCandidate {
  thing: Thing;
  /** Mean cosine to the others. */
  similarity: number;
}

/** One model's part of a comparison. */
export interface ModelNeighbours {
  model: Model;
  /** Undefined where the model has no vector of the id. */
  thing?: Thing;
  neighbours: readonly { score: number; thing: Thing }[];
  /** With each of the other models, in the order of the question. */
  overlaps: readonly NeighbourOverlap[];
}

export interface NeighbourOverlap {
  modelId: string;
  /** Neighbours in both lists. */
  shared: number;
  /** Shared over all that are in one of the two lists; undefined where either model does not know the id. */
  jaccard?: number;
}

export interface VectorAnswer {
  model: Model;
  /** (dimension) */
  vector: Float32Array;
  unknown: readonly string[];
}

export interface ContextualVectors {
  model: Model;
  dimension: number;
  /** One an event that the model knows, in the order of time. */
  events: readonly { thing: string; occurredAt: Date; vector: Float32Array }[];
  unknown: readonly string[];
}
