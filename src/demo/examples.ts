/** Picks people, items and payments of the community whose answers are worth showing. */
import type { Community } from './community';

export interface CommunityExamples {
  readonly itemId: string;
  readonly userId: string;
  readonly transactionId: string;
}

/** A fraud of the last days, of which nobody knows yet; a well-known item; a sociable person of middling age as a member. */
export function chooseExamples({ catalogue, people, friendships, payments, options }: Community): CommunityExamples {
  const item = catalogue.reduce((best, each) => (each.appeal > best.appeal ? each : best));
  const sociable = people
    .map((person, index) => ({ person, friends: friendships.friends[index].length }))
    .filter(
      ({ friends, person }) =>
        friends >= options.meanFriends && friends <= 2 * options.meanFriends && person.sessionsPerWeek > 1,
    );
  const { person } = sociable[0] ?? { person: people[0] };
  const stolen = payments.filter((payment) => payment.fraud === 'stolen card');
  const fraud = stolen[stolen.length - 1] ?? payments[payments.length - 1];
  return { itemId: item.itemId, userId: person.userId, transactionId: fraud.transactionId };
}
