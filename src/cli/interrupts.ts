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

export function listenForInterrupts(say: (line: string) => void): Interrupts {
  const controller = new AbortController();
  const release = (): void => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      // Not process.exit, which would end threads in the middle of native code, and the process with a complaint of theirs.
      release();
      process.kill(process.pid, signal);
      return;
    }
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
