/**
 * Ctrl-C and SIGTERM: the first asks the work to stop in order, the second ends the process at once. What was acknowledged
 * stays; what was half made is not visible (the store sees to that), so that even the second is safe.
 */

export interface Interrupts {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  release(): void;
}

/** Shells report a process that ended by SIGINT (2) so. */
const AT_ONCE = 130;

export function listenForInterrupts(say: (line: string) => void): Interrupts {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(AT_ONCE);
    say('stopping; once more stops at once');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
