/**
 * The questions that `up` shows when it is ready. They go through the server's own HTTP endpoint, so that what is printed is
 * what anybody gets, and stand there as curl commands to be copied.
 */
import { KindredError } from '../errors';
import type { Session } from './session';

export interface Question {
  /** In words. */
  readonly title: string;
  /** GraphQL on one line. */
  readonly query: string;
}

const SPACES = ['items', 'users', 'accounts'] as const;

/** Which ids to ask about: those that the simulation recommends, else the first of each space that answers. */
async function exampleIds({ app }: Session): Promise<{ itemId?: string; userId?: string; transactionId?: string }> {
  const { simulation, registry, export: vectors } = app.services;
  const live = new Set((await registry.list()).filter((model) => model.live).map((model) => model.space));
  const content = await simulation.content();
  if (content.kind === 'simulated') {
    const { itemId, userId, transactionId } = content.note.examples;
    return {
      itemId: live.has('items') ? itemId : undefined,
      userId: live.has('users') || live.has('items') ? userId : undefined,
      transactionId: live.has('accounts') ? transactionId : undefined,
    };
  }
  const [itemId, userId] = await Promise.all(
    SPACES.slice(0, 2).map(async (space) => {
      if (!live.has(space)) return undefined;
      const { rows } = await vectors.vectors(space);
      const first = await rows.next();
      await rows.return(undefined);
      return first.done ? undefined : first.value.id;
    }),
  );
  return { itemId, userId };
}

export async function exampleQuestions(session: Session): Promise<Question[]> {
  const { itemId, userId, transactionId } = await exampleIds(session);
  const id = (text: string): string => JSON.stringify(text);
  const questions: Question[] = [];
  if (itemId !== undefined)
    questions.push({
      title: `Which items are like ${itemId}?`,
      query: `{ item(itemId: ${id(itemId)}) { title similar(first: 3) { edges { score node { itemId title } } model { id } } } }`,
    });
  if (userId !== undefined)
    questions.push({
      title: `What should ${userId} see next, and whom might ${userId} know?`,
      query: `{ user(userId: ${id(userId)}) { title recommendedItems(first: 2) { edges { node { title } } } suggestedFriends(first: 2) { edges { reason { mutualFriends } node { userId title } } } } }`,
    });
  if (transactionId !== undefined)
    questions.push({
      title: `Does payment ${transactionId} look wrong, and why?`,
      query: `{ transaction(transactionId: ${id(transactionId)}) { amount occurredAt fraudScore { value decision reasons(first: 2) { feature observed expected share } } } }`,
    });
  return questions;
}

/** Quoted for a POSIX shell. */
const shell = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;

export function curlCommand(url: string, query: string): string {
  return `curl -s ${url} -H 'content-type: application/json' -d ${shell(JSON.stringify({ query }))}`;
}

/** Asks each question over HTTP and prints it with its answer. */
export async function showAnswers(questions: readonly Question[], url: string, { terminal }: Session): Promise<void> {
  for (const { title, query } of questions) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const answer = (await response.json()) as { data?: unknown; errors?: readonly { message: string }[] };
    if (answer.errors)
      throw new KindredError('UNANSWERED', `The server could not answer its own example: ${answer.errors[0].message}`, {
        facts: { query, errors: answer.errors },
      });
    await terminal.data(`\n${terminal.bold(title)}\n\n${curlCommand(url, query)}\n\n${JSON.stringify(answer)}\n`);
  }
}
