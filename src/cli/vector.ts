/** `kindred vector`: the vector of a text or of a sequence that came after training, at the terminal. */
import { Command } from 'commander';
import { InputError } from '../errors';
import { EVENTS_HELP, givenEvents } from './sequence-events';
import { type Session, type StoreOptions, withApp, withStoreOption } from './session';
import { sayUnknown } from './thing-text';
import { csvField, shortest } from './vector-formats';

interface VectorOptions extends StoreOptions {
  text?: string;
  events?: string;
  contexts?: boolean;
  model?: string;
  json?: boolean;
}

export function vectorCommand(): Command {
  return withStoreOption(new Command('vector'))
    .description('the vector of a text or of a sequence that came after training: a feature for any model')
    .argument('<space>', 'fasttext_items, doc2vec_users, coles_accounts, pooling_users, elmo_items …')
    .argument('[things...]', 'a sequence of ids, the oldest first')
    .option('--text <text>', 'a name (fastText)')
    .option('--events <file>', 'events with times, amounts and categories, in place of ids')
    .option('--contexts', 'a vector for each event in the context of the others (elmo)')
    .option('--model <id>', 'a version of the space (default: the live one)')
    .option('--json', 'one JSON object: the model and the vector')
    .addHelpText(
      'after',
      `
Numbers are separated by commas; with --contexts a line begins with the thing, as CSV. Vectors of what was there when the model was
trained: kindred export.
${EVENTS_HELP}

Examples:
  kindred vector fasttext_items --text 'The Harvest and the Miror'
  kindred vector doc2vec_users book-0001 film-0661 book-0917
  kindred vector coles_accounts --events payments.json --json
  kindred vector elmo_items book-0001 film-0661 --contexts`,
    )
    .action(vector);
}

async function vector(space: string, things: readonly string[], options: VectorOptions): Promise<void> {
  const { text, model, contexts } = options;
  const hasEvents = things.length > 0 || options.events !== undefined;
  if (hasEvents === (text !== undefined) || (contexts && !hasEvents))
    throw new InputError('text', 'A vector is of a text or of a sequence; contexts are of a sequence.', {
      remedy: 'Give --text, or ids, or --events FILE.',
    });
  const events = hasEvents ? await givenEvents(things, options.events) : undefined;
  await withApp(options, async (session) => {
    const { encoded } = session.app.services;
    if (contexts && events)
      return showContexts(session, await encoded.contextualVectors({ space, events, model }), options);
    const answer = await encoded.vectorOf({ space, text, events, model });
    const { unknown } = answer;
    if (options.json)
      return session.terminal.data(
        `${JSON.stringify({ space, model: answer.model.id, vector: numbers(answer.vector), unknown })}\n`,
      );
    session.terminal.say(`${answer.vector.length} dimensions, by ${answer.model.id} (${answer.model.trainer})`);
    sayUnknown(session.terminal, unknown);
    await session.terminal.data(`${Array.from(answer.vector, shortest).join(',')}\n`);
  });
}

type Contexts = Awaited<ReturnType<Session['app']['services']['encoded']['contextualVectors']>>;

async function showContexts({ terminal }: Session, answer: Contexts, { json }: VectorOptions): Promise<void> {
  const { model, dimension, events, unknown } = answer;
  if (json) {
    const plain = events.map((event) => ({ ...event, vector: numbers(event.vector) }));
    return terminal.data(
      `${JSON.stringify({ space: model.space, model: model.id, dimension, events: plain, unknown })}\n`,
    );
  }
  terminal.say(`${events.length} events of ${dimension} dimensions, by ${model.id} (${model.trainer})`);
  sayUnknown(terminal, unknown);
  for (const { thing, vector: values } of events)
    await terminal.data(`${[csvField(thing), ...Array.from(values, shortest)].join(',')}\n`);
}

/** As short as they can be and still read back as the same 32-bit floats. */
const numbers = (values: Float32Array): number[] => Array.from(values, (value) => Number(shortest(value)));
