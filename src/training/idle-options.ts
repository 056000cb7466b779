/**
 * Options that another option's choice leaves idle, as loss=softmax does `margin`: whoever sets one waits for an effect that
 * never comes, so it is refused. At its default an option asks for nothing and passes: the options that a run or a model
 * shows, which are whole, can be given again.
 */
import type { z } from 'zod';
import { OptionError } from '../errors';

/** `margin` and `hardNegatives` are read with `loss` `margin` only. */
export interface Belonging<Options> {
  readonly options: readonly (keyof Options & string)[];
  /** Choices, each an option and its value, of which one is enough. */
  readonly to: readonly (readonly [option: keyof Options & string, value: string | boolean])[];
}

/** @throws OptionError for an option that is not at its default, while no choice that it belongs to was made */
export function refuseIdle<Options>(
  schema: z.ZodType<Options>,
  options: Options,
  belongings: readonly Belonging<Options>[],
): void {
  const defaults = schema.parse({});
  for (const { options: names, to } of belongings) {
    if (to.some(([choice, value]) => options[choice] === value)) continue;
    const idle = names.find((name) => options[name] !== defaults[name]);
    if (idle === undefined) continue;
    const choices = to.map(([choice, value]) => `${choice}=${value}`).join(' or ');
    const made = [...new Set(to.map(([choice]) => `${choice}=${options[choice]}`))].join(' and ');
    throw new OptionError(idle, `${idle} is of ${choices} only; ${made} does not look at it.`, {
      remedy: `Leave ${idle} at ${defaults[idle]}, or set ${choices}.`,
      facts: { [idle]: options[idle] },
    });
  }
}
