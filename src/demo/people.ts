/**
 * The people of the simulated community: where they live, since when they are members, how active and sociable they are,
 * and what they like. Tastes are latent: they drive sessions and friendships and are never written to the store.
 */
import type { User } from '../domain/events';
import { Random, WeightedChoice } from './random';
import { CITIES, FAMILY_NAMES, GENRES, GIVEN_NAMES } from './words';

export const DAY_MILLIS = 86_400_000;

export interface Person {
  readonly userId: string;
  readonly name: string;
  /** Index into CITIES. */
  readonly home: number;
  readonly birthYear: number;
  readonly joinedAt: number;
  /** Mean sessions a week. */
  readonly sessionsPerWeek: number;
  /** How readily this person makes friends, 1 being usual. */
  readonly sociability: number;
  /** One weight a scene (genre by genre, in the order of GENRES), summing to 1. */
  readonly tastes: Float64Array;
}

export const SCENE_COUNT = GENRES.reduce((sum, genre) => sum + genre.scenes.length, 0);

/** First scene of each genre. */
const FIRST_SCENE = GENRES.map((_, index) =>
  GENRES.slice(0, index).reduce((sum, genre) => sum + genre.scenes.length, 0),
);

/**
 * Two to four genres, and in each mostly one or two scenes; a cube of a uniform number makes the weights uneven, as tastes
 * are. Neighbouring genres in GENRES go together a little more often than distant ones.
 */
function drawTastes(random: Random): Float64Array {
  const tastes = new Float64Array(SCENE_COUNT);
  let genre = random.integer(0, GENRES.length - 1);
  for (let round = random.integer(2, 4); round > 0; round -= 1) {
    const strength = 0.4 + random.uniform();
    for (let scene = 0; scene < GENRES[genre].scenes.length; scene += 1)
      tastes[FIRST_SCENE[genre] + scene] += strength * random.uniform() ** 3;
    genre = random.chance(0.5)
      ? (genre + random.pick([1, GENRES.length - 1])) % GENRES.length
      : random.integer(0, GENRES.length - 1);
  }
  const total = tastes.reduce((sum, weight) => sum + weight, 0);
  return tastes.map((weight) => weight / total);
}

/** @param endsAt epoch ms; everybody joined before it */
export function drawPeople(count: number, seed: number, endsAt: number): Person[] {
  const random = new Random(seed, 'people');
  const homes = new WeightedChoice(CITIES.map((city) => city.share));
  const endYear = new Date(endsAt).getUTCFullYear();
  return Array.from({ length: count }, (_, index) => ({
    userId: `u${String(index + 1).padStart(4, '0')}`,
    name: `${random.pick(GIVEN_NAMES)} ${random.pick(FAMILY_NAMES)}`,
    home: homes.draw(random),
    birthYear: endYear - Math.round(Math.min(80, Math.max(18, 36 + 13 * random.normal()))),
    // Members for between 40 days and four years, newcomers being more numerous.
    joinedAt: Math.round(endsAt - (40 + 1_400 * random.uniform() ** 1.5) * DAY_MILLIS),
    sessionsPerWeek: Math.min(4, random.logNormal(0.55, 0.65)),
    sociability: random.logNormal(1, 0.6),
    tastes: drawTastes(random),
  }));
}

/** Cosine between two people's tastes, 0 to 1. */
export function tasteSimilarity(a: Person, b: Person): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < SCENE_COUNT; i += 1) {
    dot += a.tastes[i] * b.tastes[i];
    aa += a.tastes[i] * a.tastes[i];
    bb += b.tastes[i] * b.tastes[i];
  }
  return dot / Math.sqrt(aa * bb);
}

export function userRecord(person: Person): User {
  const { city, country } = CITIES[person.home];
  return {
    userId: person.userId,
    title: person.name,
    attributes: {
      city,
      country,
      birthYear: person.birthYear,
      joinedOn: new Date(person.joinedAt).toISOString().slice(0, 10),
      simulated: true,
    },
  };
}
