/** Sequences at the terminal: things one after the other as arguments, or events with times, amounts and categories in a file. */
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { Fault } from '../domain/fields';
import type { SequenceQuestionEvent } from '../domain/things';
import { EPOCH_MILLIS, time } from '../domain/times';
import { InputError, KindredError } from '../errors';

export const EVENTS_HELP = `
Events stand in a JSON file, as a list or one a line: {"thing": "m-17", "occurredAt": "2026-03-01T09:30:00Z", "amount": 12.5,
"categories": {"channel": "web"}}. All but "thing" may be left out; events without a time happen now, in their order. "-" reads stdin.`;

/** Far more than the events that one question may have. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

const scalar = z.union([z.string(), z.number()]);
const fileEvent = z.strictObject({
  thing: z.string(),
  occurredAt: scalar.nullish(),
  amount: z.number().nullish(),
  categories: z.record(z.string(), z.string()).nullish(),
});

/**
 * @param things as arguments: events without times
 * @param file in their place, where given
 * @throws InputError with the path of the first value at fault; KindredError SOURCE_UNREADABLE
 */
export async function givenEvents(things: readonly string[], file?: string): Promise<SequenceQuestionEvent[]> {
  if (file === undefined) return things.map((thing) => ({ thing }));
  if (things.length > 0)
    throw new InputError('events', 'The events are given as arguments and in a file.', { remedy: 'Leave one out.' });
  return parseEvents(await readText(file));
}

export function parseEvents(text: string): SequenceQuestionEvent[] {
  const list = text.trimStart().startsWith('[') ? [text] : text.split('\n').filter((line) => line.trim() !== '');
  const parsed = list.map((part, at): unknown => {
    try {
      return JSON.parse(part);
    } catch (error) {
      throw new InputError(`events[${at}]`, `This is no JSON: ${(error as Error).message}`, {
        remedy: 'Write a list of events, or one event a line.',
      });
    }
  });
  const events = Array.isArray(parsed[0]) && parsed.length === 1 ? (parsed[0] as unknown[]) : parsed;
  return events.map(toEvent);
}

function toEvent(value: unknown, at: number): SequenceQuestionEvent {
  const parsed = fileEvent.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = [`events[${at}]`, ...issue.path].join('.');
    throw new InputError(path, `${path}: ${issue.message}.`, {
      remedy: 'An event has a thing, and perhaps occurredAt, amount (a number) and categories (texts by name).',
    });
  }
  const { thing, occurredAt, amount, categories } = parsed.data;
  return {
    thing,
    occurredAt: moment(`events[${at}].occurredAt`, occurredAt),
    amount: amount ?? undefined,
    categories: Object.entries(categories ?? {}).map(([name, text]) => ({ name, value: text })),
  };
}

function moment(field: string, raw: string | number | null | undefined): Date | undefined {
  if (raw === null || raw === undefined) return undefined;
  const at = time(raw, EPOCH_MILLIS);
  if (at instanceof Fault)
    throw new InputError(field, `"${field}" ${at.reason}.`, {
      remedy: 'Write it in ISO 8601, such as 2026-01-31T12:00:00Z, or as epoch milliseconds.',
    });
  return at;
}

async function readText(file: string): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of file === '-' ? process.stdin : createReadStream(file)) {
      bytes += (piece as Buffer).length;
      if (bytes > MAX_FILE_BYTES)
        throw new InputError('events', `"${file}" is larger than 4 MB: it holds more than one sequence.`);
      pieces.push(Buffer.from(piece as Buffer));
    }
  } catch (error) {
    if (error instanceof KindredError) throw error;
    throw new KindredError('SOURCE_UNREADABLE', `"${file}" cannot be read: ${(error as Error).message}`, {
      remedy: 'Check the path and that you may read it.',
      cause: error,
    });
  }
  return Buffer.concat(pieces).toString();
}
