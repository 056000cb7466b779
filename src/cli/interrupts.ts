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

/**
 * npm and npx pass on to us the Ctrl-C that the terminal has sent to us too (it signals all that run in it): a signal that
 * comes so soon after the first is the first one again.
 */
const ECHO_MILLIS = 250;

export function listenForInterrupts(say: (line: string) => void): Interrupts {
  const controller = new AbortController();
  const release = (): void => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt < ECHO_MILLIS) return;
      // Not process.exit, which would end threads in the middle of native code, and the process with a complaint of theirs.
      release();
      process.kill(process.pid, signal);
      return;
    }
    firstAt = performance.now();
    say('stopping; once more stops at once');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release,
  };
}
