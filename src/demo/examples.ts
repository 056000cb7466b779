/** Picks people, items and payments of the community whose answers are worth showing. */
import type { Community, TimedPayment } from './community';
import { DAY_MILLIS } from './people';

export interface CommunityExamples {
  readonly itemId: string;
  readonly userId: string;
  readonly transactionId: string;
}

/** Well known, but not to everybody: what goes with the greatest hits is a bit of everything. */
const WELL_KNOWN = 0.97;
/** Frauds of these days are mostly not reported yet. */
const UNREPORTED_DAYS = 5;

export function chooseExamples(community: Community): CommunityExamples {
  return {
    itemId: wellKnownItem(community),
    userId: sociablePerson(community),
    transactionId: blatantFraud(community),
  };
}

function wellKnownItem({ catalogue }: Community): string {
  const byAppeal = [...catalogue].sort((a, b) => a.appeal - b.appeal);
  return byAppeal[Math.floor(WELL_KNOWN * byAppeal.length)].itemId;
}

function sociablePerson({ people, friendships, options }: Community): string {
  const sociable = people.find(({ sessionsPerWeek }, index) => {
    const friends = friendships.friends[index].length;
    return friends >= options.meanFriends && friends <= 2 * options.meanFriends && sessionsPerWeek > 1;
  });
  return (sociable ?? people[0]).userId;
}

/** The fraud with a stolen card, among the last, that is furthest above what its account pays otherwise. */
function blatantFraud({ payments, accounts, options }: Community): string {
  const since = options.endsAt.getTime() - UNREPORTED_DAYS * DAY_MILLIS;
  const paid = accounts.map(() => ({ sum: 0, count: 1 }));
  for (const { account, amount, fraud } of payments) {
    if (fraud) continue;
    paid[account].sum += amount;
    paid[account].count += 1;
  }
  const excess = ({ account, amount }: TimedPayment): number =>
    (amount * paid[account].count) / (paid[account].sum + 1);
  const recent = payments.filter(({ at, fraud }) => fraud === 'stolen card' && at >= since);
  const [first = payments[payments.length - 1], ...others] = recent;
  return others.reduce((most, each) => (excess(each) > excess(most) ? each : most), first).transactionId;
}
