/**
 * Sessions over the catalogue, told in time order. A session follows one of the person's tastes, drifts now and then, is
 * drawn to hits, stays with a maker who pleased, and picks up what friends looked at shortly before.
 */
import type { Interaction } from '../domain/events';
import type { CatalogueItem } from './catalogue';
import { DAY_MILLIS, type Person, SCENE_COUNT } from './people';
import { Random, WeightedChoice } from './random';

export interface SessionOptions {
  readonly seed: number;
  readonly endsAt: number;
  readonly days: number;
}

/** Chances for the next item of a session; the rest stays with the session's scene. */
const NEXT = { friend: 0.14, sameMaker: 0.18, hit: 0.1, otherTaste: 0.12 } as const;
const REVISIT = 0.08;
const MEAN_LENGTH = 5;
/** What a friend looked at longer ago than this many items is forgotten. */
const MEMORY = 12;

/** Share of sessions that start in each hour (UTC): low at night, a noon rise, an evening peak. */
const HOURS = new WeightedChoice([1, 1, 1, 1, 1, 1, 2, 4, 5, 5, 5, 6, 8, 6, 5, 5, 6, 8, 10, 12, 13, 11, 7, 3]);

interface SessionStart {
  readonly person: number;
  readonly at: number;
}

function drawStarts(people: readonly Person[], random: Random, options: SessionOptions): SessionStart[] {
  const opensAt = options.endsAt - options.days * DAY_MILLIS;
  const starts: SessionStart[] = [];
  people.forEach((person, index) => {
    const from = Math.max(opensAt, person.joinedAt);
    const weeks = (options.endsAt - from) / (7 * DAY_MILLIS);
    // Even the idlest came in once or twice.
    const count = Math.max(2, random.poisson(Math.min(600, person.sessionsPerWeek * weeks)));
    for (let i = 0; i < count; i += 1) {
      const day = Math.floor(random.between(from, options.endsAt) / DAY_MILLIS) * DAY_MILLIS;
      const at = day + HOURS.draw(random) * 3_600_000 + Math.floor(random.uniform() * 3_600_000);
      // The hour may fall before a newcomer's first or after the last moment told.
      if (at >= from && at < options.endsAt - 4 * 3_600_000) starts.push({ person: index, at });
    }
  });
  return starts.sort((a, b) => a.at - b.at || a.person - b.person);
}

class Shelves {
  private readonly hits: WeightedChoice;
  private readonly scenes: { readonly items: number[]; readonly choice: WeightedChoice }[];
  private readonly makers = new Map<string, number[]>();

  constructor(private readonly catalogue: readonly CatalogueItem[]) {
    // Squared, so that the front page shows hits.
    this.hits = new WeightedChoice(catalogue.map((item) => item.appeal ** 2));
    const byScene = Array.from({ length: SCENE_COUNT }, (): number[] => []);
    catalogue.forEach((item, index) => {
      byScene[item.scene].push(index);
      const key = `${item.scene} ${item.maker}`;
      this.makers.set(key, [...(this.makers.get(key) ?? []), index]);
    });
    this.scenes = byScene.map((items) => ({
      items,
      choice: new WeightedChoice(items.map((item) => catalogue[item].appeal)),
    }));
  }

  hit(random: Random): number {
    return this.hits.draw(random);
  }

  fromScene(scene: number, random: Random): number {
    const { items, choice } = this.scenes[scene];
    return items[choice.draw(random)];
  }

  sameMaker(item: number, random: Random): number {
    const { scene, maker } = this.catalogue[item];
    return random.pick(this.makers.get(`${scene} ${maker}`)!);
  }
}

/** @param friends one list a person, as indexes */
export function* tellSessions(
  people: readonly Person[],
  friends: readonly (readonly number[])[],
  catalogue: readonly CatalogueItem[],
  options: SessionOptions,
): Generator<Interaction> {
  const random = new Random(options.seed, 'sessions');
  const shelves = new Shelves(catalogue);
  const tastes = people.map((person) => new WeightedChoice(person.tastes));
  const recent = people.map((): number[] => []);
  const seen = people.map(() => new Set<number>());
  let told = 0;
  for (const [number, { person, at }] of drawStarts(people, random, options).entries()) {
    const scene = tastes[person].draw(random);
    const length = 1 + Math.min(24, Math.floor(random.exponential(MEAN_LENGTH - 0.5)));
    let time = at;
    let last: number | undefined;
    for (let step = 0; step < length; step += 1) {
      const dice = random.uniform();
      const friendsRecent = friends[person].length > 0 ? recent[random.pick(friends[person])] : [];
      let item: number;
      if (dice < NEXT.friend && friendsRecent.length > 0) item = random.pick(friendsRecent);
      else if (dice < NEXT.friend + NEXT.sameMaker && last !== undefined) item = shelves.sameMaker(last, random);
      else if (dice < NEXT.friend + NEXT.sameMaker + NEXT.hit) item = shelves.hit(random);
      else if (dice < NEXT.friend + NEXT.sameMaker + NEXT.hit + NEXT.otherTaste)
        item = shelves.fromScene(tastes[person].draw(random), random);
      else item = shelves.fromScene(scene, random);
      if (item === last || (seen[person].has(item) && !random.chance(REVISIT))) continue;
      seen[person].add(item);
      recent[person].push(item);
      if (recent[person].length > MEMORY) recent[person].shift();
      last = item;
      told += 1;
      const action = random.uniform();
      yield {
        eventId: `demo-${told}`,
        userId: people[person].userId,
        itemId: catalogue[item].itemId,
        action: action < 0.12 ? 'purchase' : action < 0.22 ? 'save' : 'view',
        occurredAt: new Date(time),
        sessionId: `s${number + 1}`,
      };
      time += 5_000 + Math.floor(random.exponential(75_000));
    }
  }
}
