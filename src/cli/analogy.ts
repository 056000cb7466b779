/** `kindred analogy`: a - b + c, at the terminal. */
import { Command } from 'commander';
import { InputError } from '../errors';
import { collectIds, type PageOptions, withPageOptions } from './arguments';
import { type StoreOptions, withApp, withStoreOption } from './session';
import { showThingPage } from './thing-text';

interface AnalogyOptions extends StoreOptions, PageOptions {
  plus?: string[];
  minus?: string[];
  model?: string;
  json?: boolean;
}

export function analogyCommand(): Command {
  return withPageOptions(withStoreOption(new Command('analogy')))
    .description('what is to c as a is to b: nearest to a - b + c, the three left out')
    .argument('<space>', 'items, merchants, words …')
    .argument('[terms...]', 'ids with + and - between them')
    .option('--plus <ids>', 'ids to add: separated by commas, or a JSON list; may be repeated', collectIds)
    .option('--minus <ids>', 'ids to take away', collectIds)
    .option('--model <id>', 'a version of the space (default: the live one)')
    .option('--json', 'one JSON object: the model and the entries')
    .addHelpText(
      'after',
      `
Ids may hold anything: where one is a sign or has commas, --plus and --minus take JSON lists.

Examples:
  kindred analogy items film-0661 - book-0917 + book-1301
  kindred analogy merchants --plus m-17,m-30 --minus m-4 --first 3
  kindred analogy words --plus '["king", "a,b"]' --minus man --json`,
    )
    .action(analogy);
}

async function analogy(space: string, terms: readonly string[], options: AnalogyOptions): Promise<void> {
  const { plus, minus } = termsOf(terms, options);
  await withApp(options, async (session) => {
    const { model, first, after, json } = options;
    const page = await session.app.services.neighbours.analogy({ space, plus, minus, model, first, after });
    const title = [...plus.map((id) => `+ ${id}`), ...minus.map((id) => `- ${id}`)].join(' ').replace(/^\+ /, '');
    await showThingPage(session, page, { json, title, asked: { space, plus, minus } });
  });
}

/** @throws InputError for two signs or two ids in a row */
export function termsOf(
  terms: readonly string[],
  { plus = [], minus = [] }: { plus?: readonly string[]; minus?: readonly string[] },
): { plus: string[]; minus: string[] } {
  const sides = { plus: [...plus], minus: [...minus] };
  let side: 'plus' | 'minus' | undefined = 'plus';
  for (const term of terms) {
    if (side === undefined) {
      if (term !== '+' && term !== '-') throw wrong(`Between "${term}" and the id before it a sign is missing.`);
      side = term === '+' ? 'plus' : 'minus';
    } else if (term === '+' || term === '-') {
      throw wrong(`The sign "${term}" should stand between two ids.`);
    } else {
      sides[side].push(term);
      side = undefined;
    }
  }
  if (terms.length > 0 && side !== undefined) throw wrong('The last sign has no id after it.');
  if (sides.plus.length === 0) throw wrong('There is nothing to add up.');
  return sides;
}

function wrong(message: string): InputError {
  return new InputError('terms', message, {
    remedy: 'Write ids with signs between them, as in: kindred analogy items a - b + c; or use --plus and --minus.',
  });
}
