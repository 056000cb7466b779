/**
 * What people ask of the vectors of any space, by its live model or by any version: what is near, in a band of popularity;
 * a - b + c; and which one of several does not belong. Nearness is cosine between input vectors. Every thing that a
 * question names must have a vector: an answer that quietly left one out would answer another question.
 */
import type { PageRequest } from '../domain/answers';
import type { OddOneOut, PopularityBand, ThingPage } from '../domain/things';
import { InputError } from '../errors';
import { checkIds } from './recommendation';
import type { ThingLists } from './thing-lists';
import type { VersionRequest, Versions } from './versions';

export const MAX_THINGS = 100;

export interface SimilarThings extends PageRequest, VersionRequest {
  like: readonly string[];
  unlike?: readonly string[];
  /** Only neighbours of this band. */
  band?: PopularityBand;
}

export interface Analogy extends PageRequest, VersionRequest {
  plus: readonly string[];
  minus: readonly string[];
}

export interface OddOneOutQuestion extends Omit<VersionRequest, 'after'> {
  ids: readonly string[];
}

export class Neighbours {
  constructor(
    private readonly versions: Versions,
    private readonly lists: ThingLists,
  ) {}

  /**
   * Near the mean direction of `like`, away from that of `unlike`; never one of them.
   * @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND, NOT_FOUND
   */
  async similarThings({ like, unlike = [], band, ...request }: SimilarThings): Promise<ThingPage> {
    checkTwoLists({ like }, { unlike });
    const model = await this.versions.answering(request);
    const liked = await this.lists.known(model, 'like', like);
    const disliked = await this.lists.known(model, 'unlike', unlike);
    const vector = new Float32Array(model.dimension);
    for (const { unit } of liked) addScaled(vector, unit, 1 / liked.length);
    for (const { unit } of disliked) addScaled(vector, unit, -1 / disliked.length);
    const exclude = [...like, ...unlike];
    const question = ['alike', like, unlike];
    return { ...(await this.lists.nearest(model, { question, vector, exclude, band, page: request })), unknown: [] };
  }

  /**
   * 3CosAdd (Mikolov et al. 2013; Levy & Goldberg 2014): nearest to the sum of the unit vectors of `plus` less those of
   * `minus`, the question's own things left out.
   * @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND, NOT_FOUND
   */
  async analogy({ plus, minus, ...request }: Analogy): Promise<ThingPage> {
    checkTwoLists({ plus }, { minus });
    const model = await this.versions.answering(request);
    const vector = new Float32Array(model.dimension);
    for (const { unit } of await this.lists.known(model, 'plus', plus)) addScaled(vector, unit, 1);
    for (const { unit } of await this.lists.known(model, 'minus', minus)) addScaled(vector, unit, -1);
    const exclude = [...plus, ...minus];
    const question = ['analogy', plus, minus];
    return { ...(await this.lists.nearest(model, { question, vector, exclude, page: request })), unknown: [] };
  }

  /**
   * The one with the least mean cosine to the others; of equals the first.
   * @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND, NOT_FOUND
   */
  async oddOneOut({ ids, ...request }: OddOneOutQuestion): Promise<OddOneOut> {
    checkIds('ids', ids, MAX_THINGS);
    checkDifferent('ids', ids);
    if (ids.length < 3)
      throw new InputError('ids', 'Of fewer than three things none is the odd one.', {
        remedy: 'Name at least three different ids.',
      });
    const model = await this.versions.answering(request);
    const known = await this.lists.known(model, 'ids', ids);
    const sum = new Float32Array(model.dimension);
    for (const { unit } of known) addScaled(sum, unit, 1);
    const things = await this.lists.things(model, known);
    const candidates = known.map(({ unit }, at) => ({
      thing: things[at],
      similarity: (dot(unit, sum) - dot(unit, unit)) / (ids.length - 1),
    }));
    const odd = candidates.reduce((least, each) => (each.similarity < least.similarity ? each : least));
    return { odd, candidates, model };
  }
}

/** @throws InputError for an empty first list, an id that cannot be one, and an id that is named twice */
function checkTwoLists(first: Record<string, readonly string[]>, second: Record<string, readonly string[]>): void {
  const [[name, ids]] = Object.entries(first);
  const [[otherName, others]] = Object.entries(second);
  checkIds(name, ids, MAX_THINGS);
  checkIds(otherName, others, MAX_THINGS);
  if (ids.length === 0)
    throw new InputError(name, `"${name}" names no thing.`, { remedy: 'Name at least one id of the space.' });
  checkDifferent(name, ids);
  checkDifferent(otherName, others);
  const both = ids.findIndex((id) => others.includes(id));
  if (both >= 0)
    throw new InputError(`${name}[${both}]`, `"${ids[both]}" is in "${name}" and in "${otherName}".`, {
      remedy: 'Name each id in one of the two.',
    });
}

export function checkDifferent(field: string, ids: readonly string[]): void {
  const again = ids.findIndex((id, at) => ids.indexOf(id) < at);
  if (again >= 0)
    throw new InputError(`${field}[${again}]`, `"${ids[again]}" is named twice.`, { remedy: 'Name each id once.' });
}

function addScaled(sum: Float32Array, vector: Float32Array, scale: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] += scale * vector[i];
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
