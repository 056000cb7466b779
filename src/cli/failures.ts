/**
 * How a failed verb ends: one message that says what happened, where, and what to do; a stack only where debugging was asked
 * for. Exit code 2 means that the call was wrong (bad usage, bad options, bad configuration), 1 that the work failed.
 */
import { KindredError } from '../errors';
import type { Terminal } from './terminal';

const BAD_USAGE: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'OPTION_INVALID', 'BAD_CONFIGURATION']);

export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof KindredError && BAD_USAGE.has(error.code) ? 2 : 1;
}

export interface FailureStyle {
  /** One JSON object in place of lines. */
  readonly json: boolean;
  /** Also the stack and the causes. */
  readonly debug: boolean;
}

export function tellFailure(error: unknown, terminal: Terminal, style: FailureStyle): void {
  const known = error instanceof KindredError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (style.json)
    terminal.say(
      JSON.stringify({
        error: { code: known?.code ?? 'UNEXPECTED', message, field: known?.field, remedy: known?.remedy },
      }),
    );
  else {
    terminal.say(`${terminal.red('error:')} ${message}${known ? ` [${known.code}]` : ''}`);
    if (known?.field) terminal.say(`  field: ${known.field}`);
    if (known?.remedy) terminal.say(`  remedy: ${known.remedy}`);
    if (!known) terminal.say('  remedy: This was not foreseen. KINDRED_LOG_LEVEL=debug shows where it happened.');
  }
  if (style.debug) for (const line of stacks(error)) terminal.say(line);
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    lines.push(`${lines.length > 0 ? 'caused by ' : ''}${at.stack ?? at.message}`);
  return lines;
}
