/**
 * The simulated catalogue: books, films and albums with composed titles. Each belongs to a scene, has a maker and an
 * appeal; a few are hits and most are not, as in any shop.
 */
import type { Item } from '../domain/events';
import { SCENE_COUNT } from './people';
import { Random } from './random';
import { FAMILY_NAMES, GENRES, type GenreWords, GIVEN_NAMES, type ItemKind, PLACES } from './words';

export interface CatalogueItem {
  readonly itemId: string;
  readonly title: string;
  readonly kind: ItemKind;
  readonly genre: string;
  readonly sceneName: string;
  /** Index among all scenes, genre by genre. */
  readonly scene: number;
  readonly maker: string;
  readonly year: number;
  /** In EUR. */
  readonly price: number;
  /** Relative pull, log-normal: the mean person's chance of choosing it, within its scene. */
  readonly appeal: number;
}

const PRICES: Record<ItemKind, { median: number; sigma: number }> = {
  book: { median: 14, sigma: 0.35 },
  film: { median: 11, sigma: 0.3 },
  album: { median: 12, sigma: 0.25 },
};

const MAKERS_PER_SCENE = 6;

/** Plurals take none. */
function article(noun: string): string {
  if (noun.endsWith('s') && !noun.endsWith('ss')) return '';
  return /^[AEIO]/.test(noun) ? 'An ' : 'A ';
}

function composeTitle(random: Random, words: GenreWords): string {
  const adjective = random.pick(words.adjectives);
  const noun = random.pick(words.nouns);
  const other = random.pick(words.nouns);
  const place = random.pick(PLACES);
  const shapes = [
    `The ${adjective} ${noun}`,
    `The ${noun} of ${place}`,
    `${adjective} ${noun}`,
    `${place} ${noun}`,
    `${article(noun)}${noun} in ${place}`,
    ...(other === noun ? [] : [`The ${noun} and the ${other}`, `${noun} and ${other}`]),
  ];
  return random.pick(shapes);
}

/** Most items are young: the share of a year falls by a tenth with each year back. */
function drawYear(random: Random, newest: number): number {
  return Math.max(1950, newest - Math.floor(random.exponential(10)));
}

/** @param newestYear no item is younger, so that nobody meets one before it came out */
export function drawCatalogue(count: number, seed: number, newestYear: number): CatalogueItem[] {
  const random = new Random(seed, 'catalogue');
  const makers = Array.from({ length: SCENE_COUNT }, () =>
    Array.from({ length: MAKERS_PER_SCENE }, () => `${random.pick(GIVEN_NAMES)} ${random.pick(FAMILY_NAMES)}`),
  );
  const places = GENRES.flatMap((words) => words.scenes.map((sceneName) => ({ words, sceneName })));
  const taken = new Set<string>();
  return Array.from({ length: count }, (_, index) => {
    const scene = index % SCENE_COUNT;
    const { words, sceneName } = places[scene];
    const kind = random.pick(words.kinds);
    let title = composeTitle(random, words);
    while (taken.has(title)) title = composeTitle(random, words);
    taken.add(title);
    const { median, sigma } = PRICES[kind];
    return {
      itemId: `${kind}-${String(index + 1).padStart(4, '0')}`,
      title,
      kind,
      genre: words.genre,
      sceneName,
      scene,
      maker: random.pick(makers[scene]),
      year: drawYear(random, newestYear),
      price: Math.max(2, Math.round(random.logNormal(median, sigma))) - 0.01,
      appeal: random.logNormal(1, 1.1),
    };
  });
}

export function itemRecord(item: CatalogueItem): Item {
  return {
    itemId: item.itemId,
    title: item.title,
    attributes: {
      kind: item.kind,
      genre: item.genre,
      scene: item.sceneName,
      by: item.maker,
      year: item.year,
      price: item.price,
      simulated: true,
    },
  };
}
