/** How words typed at the terminal become values. What cannot is bad usage (exit code 2) and says what would be right. */
import { type Command, InvalidArgumentError } from 'commander';

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A day (its first moment, UTC), an ISO 8601 time (UTC unless it says otherwise) or epoch milliseconds. */
export function parseMoment(text: string): Date {
  const epoch = /^-?\d{10,16}$/.test(text);
  const zoned = /T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes('T');
  const moment = new Date(epoch ? Number(text) : zoned ? text : `${text}Z`);
  if ((!epoch && !ISO.test(text)) || Number.isNaN(moment.getTime()))
    throw new InvalidArgumentError('It should be a day (2026-06-01), an ISO 8601 time or epoch milliseconds.');
  return moment;
}

/** Collects repeated `--set option=value`. */
export function collectSetting(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It should look like option=value, as in --set dimension=64.');
  const option = text.slice(0, at).trim();
  if (Object.hasOwn(before, option)) throw new InvalidArgumentError(`Option "${option}" is set twice.`);
  return { ...before, [option]: text.slice(at + 1) };
}

export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100)
    throw new InvalidArgumentError('It should be a whole number from 1 to 100.');
  return value;
}

/** Which part of a ranked list is wanted. */
export interface PageOptions {
  first: number;
  after?: string;
}

/** Adds the options of every verb whose list goes on. */
export function withPageOptions(command: Command): Command {
  return command
    .option('--first <n>', 'how many, 1 to 100', parseCount, 10)
    .option('--after <cursor>', 'go on after a page: "next" of its --json, with the same question');
}

export function parsePort(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('It should be a port, 0 to 65535.');
  return value;
}

export function parsePeople(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 100 || value > 9_999)
    throw new InvalidArgumentError('It should be a whole number from 100 to 9999.');
  return value;
}

/** Ids separated by commas, or a JSON list of ids that may hold commas; collects what is repeated. */
export function collectIds(text: string, before: readonly string[] = []): string[] {
  if (!text.trimStart().startsWith('[')) return [...before, ...text.split(',').map((id) => id.trim())];
  const ids = jsonList(text);
  if (!ids) throw new InvalidArgumentError('It should be ids separated by commas, or a JSON list of texts.');
  return [...before, ...ids];
}

function jsonList(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((id) => typeof id === 'string') ? value : undefined;
  } catch {
    // Not JSON: the caller says what would be right.
    return undefined;
  }
}
