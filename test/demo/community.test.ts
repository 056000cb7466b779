import { createHash } from 'node:crypto';
import { type Community, communityBatches, communityOptions, imagineCommunity } from '../../src/demo/community';
import { tasteSimilarity } from '../../src/demo/people';
import type { StreamName, StreamRecord } from '../../src/domain/events';

type Records = { [S in StreamName]: StreamRecord[S][] };

function tell(community: Community): Records {
  const records: Records = { users: [], items: [], relations: [], interactions: [], transactions: [], labels: [] };
  for (const batch of communityBatches(community)) (records[batch.stream] as unknown[]).push(...batch.records);
  return records;
}

const digest = (community: Community): string => {
  const hash = createHash('sha256');
  for (const batch of communityBatches(community)) hash.update(JSON.stringify(batch));
  return hash.digest('hex');
};

describe('the demo community', () => {
  const community = imagineCommunity();
  const records = tell(community);
  const endsAt = community.options.endsAt.getTime();

  it('is the same for the same options and another for another seed', () => {
    const small = { people: 100, items: 200, accounts: 40, sessionDays: 30, paymentDays: 30 };
    expect(digest(imagineCommunity(small))).toBe(digest(imagineCommunity(small)));
    expect(digest(imagineCommunity(small))).not.toBe(digest(imagineCommunity({ ...small, seed: 2 })));
  });

  it('moves with its end date', () => {
    const later = imagineCommunity({
      people: 100,
      items: 200,
      accounts: 40,
      endsAt: new Date('2027-02-03T00:00:00Z'),
    });
    const newest = Math.max(...later.payments.map((payment) => payment.at));
    expect(newest).toBeLessThan(Date.parse('2027-02-03T00:00:00Z'));
    expect(newest).toBeGreaterThan(Date.parse('2027-02-02T00:00:00Z'));
  });

  it('refuses options that are unknown or contradict each other', () => {
    expect(communityOptions.safeParse({ peple: 3 }).success).toBe(false);
    expect(communityOptions.safeParse({ people: 100, accounts: 200 }).error?.issues[0].path).toEqual(['accounts']);
  });

  it('says that it is simulated', () => {
    expect(records.users.every((user) => user.attributes?.simulated === true)).toBe(true);
    expect(records.items.every((item) => item.attributes?.simulated === true)).toBe(true);
    expect(records.labels.every((label) => label.source?.startsWith('simulated'))).toBe(true);
  });

  it('gives every record an id of its own and refers only to what it tells', () => {
    const users = new Set(records.users.map((user) => user.userId));
    const items = new Set(records.items.map((item) => item.itemId));
    const transactions = new Set(records.transactions.map((transaction) => transaction.transactionId));
    expect(users.size).toBe(records.users.length);
    expect(items.size).toBe(records.items.length);
    expect(transactions.size).toBe(records.transactions.length);
    expect(new Set(records.interactions.map((event) => event.eventId)).size).toBe(records.interactions.length);
    expect(new Set(records.items.map((item) => item.title)).size).toBe(records.items.length);
    expect(records.interactions.every((event) => users.has(event.userId) && items.has(event.itemId))).toBe(true);
    expect(records.relations.every((tie) => users.has(tie.userId) && users.has(tie.friendId))).toBe(true);
    expect(records.relations.every((tie) => tie.userId !== tie.friendId)).toBe(true);
    expect(records.labels.every((label) => transactions.has(label.transactionId))).toBe(true);
  });

  it('has no impossible times', () => {
    const joined = new Map(community.people.map((person) => [person.userId, person.joinedAt]));
    const owner = new Map(community.accounts.map((account) => [account.accountId, account.owner.joinedAt]));
    const paidAt = new Map(records.transactions.map((paid) => [paid.transactionId, paid.occurredAt.getTime()]));
    for (const { occurredAt, userId } of records.interactions)
      if (!(occurredAt.getTime() >= joined.get(userId)! && occurredAt.getTime() < endsAt))
        throw new Error(`${userId} was seen at ${occurredAt.toISOString()}`);
    for (const { occurredAt, userId, friendId } of records.relations)
      if (
        !(occurredAt.getTime() >= Math.max(joined.get(userId)!, joined.get(friendId)!) && occurredAt.getTime() < endsAt)
      )
        throw new Error(`${userId} and ${friendId} tied at ${occurredAt.toISOString()}`);
    for (const { occurredAt, accountId } of records.transactions)
      if (!(occurredAt.getTime() > owner.get(accountId)! && occurredAt.getTime() < endsAt))
        throw new Error(`${accountId} paid at ${occurredAt.toISOString()}`);
    for (const { transactionId, decidedAt } of records.labels) {
      const delayDays = (decidedAt.getTime() - paidAt.get(transactionId)!) / 86_400_000;
      if (!(delayDays >= 1 && delayDays < 21 && decidedAt.getTime() < endsAt))
        throw new Error(`${transactionId} was judged after ${delayDays} days`);
    }
    const newest = community.options.endsAt.getUTCFullYear();
    expect(community.catalogue.every((item) => item.year < newest)).toBe(true);
  });

  it('lets friends share tastes far more than strangers, and closes triangles', () => {
    const { people, friendships } = community;
    let alike = 0;
    let unlike = 0;
    let ties = 0;
    let closed = 0;
    let open = 0;
    friendships.friends.forEach((friends, a) => {
      const circle = new Set(friends);
      for (const b of friends) {
        alike += tasteSimilarity(people[a], people[b]);
        unlike += tasteSimilarity(people[a], people[(b * 31 + 17) % people.length]);
        ties += 1;
        for (const c of friendships.friends[b]) {
          if (c === a) continue;
          if (circle.has(c)) closed += 1;
          else open += 1;
        }
      }
    });
    expect(alike / ties).toBeGreaterThan((2 * unlike) / ties);
    // By chance a path of two ties would be closed once in people / friends = 200 cases.
    expect(closed / (closed + open)).toBeGreaterThan(0.05);
    expect(ties / people.length).toBeGreaterThan(community.options.meanFriends * 0.9);
  });

  it('has hits and a long tail, and people who come rarely and often', () => {
    const plays = new Map<string, number>();
    const visits = new Map<string, number>();
    for (const { itemId, userId } of records.interactions) {
      plays.set(itemId, (plays.get(itemId) ?? 0) + 1);
      visits.set(userId, (visits.get(userId) ?? 0) + 1);
    }
    const sorted = [...plays.values()].sort((a, b) => b - a);
    const top = sorted.slice(0, sorted.length / 10).reduce((sum, count) => sum + count, 0);
    expect(top / records.interactions.length).toBeGreaterThan(0.25);
    expect(top / records.interactions.length).toBeLessThan(0.7);
    const byPerson = [...visits.values()].sort((a, b) => a - b);
    expect(byPerson[Math.floor(byPerson.length * 0.9)]).toBeGreaterThan(
      3 * byPerson[Math.floor(byPerson.length * 0.2)],
    );
  });

  it('commits each kind of fraud, about one payment in a hundred in all, and most come to light', () => {
    const { payments } = community;
    const count = (kind?: string) => payments.filter((payment) => payment.fraud === kind).length;
    const frauds = payments.length - count(undefined);
    expect(frauds / payments.length).toBeGreaterThan(0.006);
    expect(frauds / payments.length).toBeLessThan(0.02);
    for (const kind of ['stolen card', 'compromised merchant', 'taken-over account'])
      expect(count(kind) / frauds).toBeGreaterThan(0.12);
    const known = records.labels.filter((label) => label.isFraud).length;
    expect(known / frauds).toBeGreaterThan(0.8);
    expect(known).toBeLessThan(frauds);
  });

  it('pays by routine: regular shops, pay days, opening hours', () => {
    const { payments, market, accounts } = community;
    const routine = payments.filter((payment) => payment.fraud === undefined);
    const groceries = routine.filter(({ merchant }) => market.merchants[merchant].trade.category === 'groceries');
    const regular = groceries.filter((payment) =>
      accounts[payment.account].regulars.get('groceries')!.includes(payment.merchant),
    );
    expect(regular.length / groceries.length).toBeGreaterThan(0.7);
    const atNight = groceries.filter(({ at, merchant }) => {
      const { from, to } = market.merchants[merchant].trade.hours;
      const hour = (at % 86_400_000) / 3_600_000;
      return hour < from || hour >= to;
    });
    expect(atNight).toEqual([]);
    const sincePayDay = (payment: (typeof routine)[number]) =>
      (new Date(payment.at).getUTCDate() - accounts[payment.account].payDay + 31) % 31;
    const soon = routine.filter((payment) => sincePayDay(payment) < 5).length / 5;
    const later = routine.filter((payment) => sincePayDay(payment) >= 10 && sincePayDay(payment) < 20).length / 10;
    expect(soon / later).toBeGreaterThan(1.15);
  });
});
