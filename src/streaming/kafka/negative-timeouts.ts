/**
 * kafkajs asks for timeouts that are over already. That is harmless, and newer Nodes warn of each kind once on stderr, in a way that
 * frightens operators: that one warning, from there, is not shown.
 */
const CLIENT = /[\\/]node_modules[\\/]kafkajs[\\/]/;

let isSilenced = false;

/** Twice without harm. */
export function silenceNegativeTimeouts(): void {
  if (isSilenced) return;
  isSilenced = true;
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]): void => {
    const [given] = rest;
    const type = typeof given === 'object' ? (given as { type?: string } | null)?.type : given;
    if (type === 'TimeoutNegativeWarning' && CLIENT.test(new Error().stack ?? '')) return;
    (emitWarning as (...all: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
}
