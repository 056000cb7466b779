/** Waiting, never without an end: what did not come in time is named. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Milliseconds. @default 30_000 */
  within?: number;
  /** Milliseconds between two looks. @default 100 */
  every?: number;
  /** What there is so far, for the message. */
  sofar?: () => string | Promise<string>;
}

/** @returns the first thing that `look` finds; it says `undefined` or `false` for nothing yet */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { within = 30_000, every = 100, sofar }: Patience = {},
): Promise<T> {
  const givenUpAt = Date.now() + within;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > givenUpAt) {
      const state = sofar ? `; so far: ${await sofar()}` : '';
      throw new Error(`waited ${within / 1000} s in vain for ${what}${state}`);
    }
    await sleep(every);
  }
}

/** Fails when the work is not done in time. */
export async function inTime<T>(what: string, work: Promise<T>, within: number): Promise<T> {
  const timer = new AbortController();
  const late = sleep(within, undefined, { signal: timer.signal }).then(
    () => {
      throw new Error(`${what} took longer than ${within / 1000} s`);
    },
    // Aborted: the work was done first.
    () => undefined as never,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
