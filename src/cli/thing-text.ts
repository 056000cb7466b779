/** Things of a space as tables for people and as plain objects for machines, with titles where the catalogue has them. */
import type { App } from '../app';
import type { Page } from '../domain/answers';
import { POPULARITY_BANDS, type PopularityBand, type Thing, type ThingPage } from '../domain/things';
import { table } from './model-text';
import type { Session } from './session';

export interface ScoredThing {
  readonly score: number;
  readonly thing: Thing;
}

/** What `--json` prints of a thing. */
export interface ThingEntry {
  readonly id: string;
  readonly score: number;
  readonly title?: string;
  readonly frequency: number;
  readonly band: string;
}

export const BANDS = POPULARITY_BANDS.map((band) => band.toLowerCase());

/** As typed: `low`. */
export const bandNamed = (text: string | undefined): PopularityBand | undefined =>
  text?.toUpperCase() as PopularityBand | undefined;

/** In the order of `things`. */
export async function titlesOf({ services }: App, things: readonly Thing[]): Promise<(string | undefined)[]> {
  const ids = things.map(({ id }) => id);
  switch (things[0]?.catalogued) {
    case 'item':
      return (await services.catalogue.items(ids)).map((item) => item?.title);
    case 'user':
      return (await services.catalogue.users(ids)).map((user) => user?.title);
    case undefined:
      return things.map(() => undefined);
  }
}

export async function thingEntries(app: App, scored: readonly ScoredThing[]): Promise<ThingEntry[]> {
  const titles = await titlesOf(
    app,
    scored.map(({ thing }) => thing),
  );
  return scored.map(({ score, thing: { id, frequency, band } }, at) => ({
    id,
    score,
    title: titles[at],
    frequency,
    band,
  }));
}

export function thingTable(entries: readonly ThingEntry[]): string {
  return table(
    ['id', 'score', 'seen', 'band', 'title'],
    entries.map(({ id, score, frequency, band, title }) => [
      id,
      score.toFixed(4),
      frequency,
      band.toLowerCase(),
      title,
    ]),
  );
}

export interface ThingPageStyle {
  readonly json?: boolean;
  /** What was asked, in one line for people: `alike to book-0001`. */
  readonly title: string;
  /** What was asked, for machines. */
  readonly asked: Readonly<Record<string, unknown>>;
}

export async function showThingPage(
  { app, terminal }: Pick<Session, 'app' | 'terminal'>,
  page: ThingPage,
  { json, title, asked }: ThingPageStyle,
): Promise<void> {
  const entries = await thingEntries(
    app,
    page.entries.map(({ score, node }) => ({ score, thing: node })),
  );
  const unknown = page.unknown.length > 0 ? page.unknown : undefined;
  if (json)
    return terminal.data(
      `${JSON.stringify({ ...asked, model: page.model.id, entries, unknown, next: nextCursor(page) })}\n`,
    );
  terminal.say(`${title}, by ${page.model.id}`);
  sayUnknown(terminal, page.unknown);
  if (entries.length === 0) terminal.say('There are none.');
  else await terminal.data(thingTable(entries));
}

/** What `--after` takes to go on after the page; undefined where the list ends with it. */
export function nextCursor({ entries, hasNextPage }: Page<{ readonly cursor: string }>): string | undefined {
  return hasNextPage ? entries.at(-1)?.cursor : undefined;
}

export function sayUnknown(terminal: Session['terminal'], unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  const some = unknown.slice(0, 10).map((id) => JSON.stringify(id));
  terminal.say(`left out, since the model does not know them: ${some.join(', ')}${unknown.length > 10 ? ' …' : ''}`);
}
