/**
 * Who is friends with whom: people tie mostly within their city, sooner with those whose tastes they share (homophily), and
 * about half of the ties come from friends introducing friends, which makes triangles. A few ties are given up again.
 */
import type { Relation } from '../domain/events';
import { DAY_MILLIS, type Person, tasteSimilarity } from './people';
import { Random, WeightedChoice } from './random';

export interface Friendships {
  readonly relations: readonly Relation[];
  /** Friends that still are, as indexes of people, one list a person. */
  readonly friends: readonly (readonly number[])[];
}

export interface FriendshipOptions {
  readonly seed: number;
  readonly endsAt: number;
  /** Mean number of friends. */
  readonly meanFriends: number;
}

/** Of the ties that are not introductions, how many stay within the city. */
const WITHIN_CITY = 0.8;
const INTRODUCED = 0.55;
const GIVEN_UP = 0.01;

class Circle {
  readonly friends: number[][];
  private readonly since = new Map<string, number>();

  constructor(private readonly people: readonly Person[]) {
    this.friends = people.map(() => []);
  }

  private key(a: number, b: number): string {
    return a < b ? `${a} ${b}` : `${b} ${a}`;
  }

  tied(a: number, b: number): number | undefined {
    return this.since.get(this.key(a, b));
  }

  /** No two people can have tied before both were members. */
  earliest(a: number, b: number): number {
    return Math.max(this.people[a].joinedAt, this.people[b].joinedAt);
  }

  tie(a: number, b: number, at: number): void {
    this.since.set(this.key(a, b), at);
    this.friends[a].push(b);
    this.friends[b].push(a);
  }

  *ties(): Generator<{ a: number; b: number; at: number }> {
    for (const [key, at] of this.since) {
      const [a, b] = key.split(' ').map(Number);
      yield { a, b, at };
    }
  }
}

/** Most ties come soon after the moment from which they are possible. */
function tieTime(random: Random, earliest: number, endsAt: number): number {
  const room = endsAt - earliest;
  return Math.floor(earliest + Math.min(room * random.uniform(), random.exponential(90 * DAY_MILLIS)));
}

function accepts(random: Random, a: Person, b: Person): boolean {
  return random.chance(0.04 + 0.96 * tasteSimilarity(a, b) ** 1.5);
}

export function drawFriendships(people: readonly Person[], options: FriendshipOptions): Friendships {
  const random = new Random(options.seed, 'friendships');
  const circle = new Circle(people);
  const anyone = new WeightedChoice(people.map((person) => person.sociability));
  const cities = new Map<number, number[]>();
  people.forEach((person, index) => {
    cities.set(person.home, [...(cities.get(person.home) ?? []), index]);
  });
  const neighbours = new Map(
    [...cities].map(([home, members]) => [
      home,
      { members, choice: new WeightedChoice(members.map((member) => people[member].sociability)) },
    ]),
  );
  const wanted = Math.round((people.length * options.meanFriends) / 2);
  for (let made = 0; made < wanted; ) {
    const a = anyone.draw(random);
    const friends = circle.friends[a];
    let b: number;
    let earliest: number;
    if (friends.length > 0 && random.chance(INTRODUCED)) {
      const between = random.pick(friends);
      b = random.pick(circle.friends[between]);
      if (b === a) continue;
      earliest = Math.max(circle.earliest(a, b), circle.tied(a, between)!, circle.tied(between, b)!);
    } else {
      const near = neighbours.get(people[a].home)!;
      b = random.chance(WITHIN_CITY) ? near.members[near.choice.draw(random)] : anyone.draw(random);
      earliest = circle.earliest(a, b);
    }
    if (a === b || circle.tied(a, b) !== undefined || !accepts(random, people[a], people[b])) continue;
    circle.tie(a, b, tieTime(random, earliest, options.endsAt));
    made += 1;
  }
  return record(people, circle, random, options.endsAt);
}

function record(people: readonly Person[], circle: Circle, random: Random, endsAt: number): Friendships {
  const relations: Relation[] = [];
  const gone = new Set<string>();
  for (const { a, b, at } of circle.ties()) {
    const tie = { userId: people[a].userId, friendId: people[b].userId, kind: 'friend', weight: 1 };
    relations.push({ ...tie, occurredAt: new Date(at), removed: false });
    if (!random.chance(GIVEN_UP)) continue;
    gone.add(`${a} ${b}`).add(`${b} ${a}`);
    relations.push({ ...tie, occurredAt: new Date(Math.floor(random.between(at, endsAt - 1)) + 1), removed: true });
  }
  relations.sort((one, other) => one.occurredAt.getTime() - other.occurredAt.getTime());
  return {
    relations,
    friends: circle.friends.map((list, a) => list.filter((b) => !gone.has(`${a} ${b}`))),
  };
}
