/** How long to wait before the next try: longer each time, up to a limit, and never the same for everybody. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  readonly firstMillis: number;
  readonly longestMillis: number;
}

export class Backoff {
  private tries = 0;

  constructor(private readonly options: BackoffOptions) {}

  /** Between half and all of a span that doubles with each try: processes that failed together do not come back together. */
  nextMillis(): number {
    const { firstMillis, longestMillis } = this.options;
    const span = Math.min(longestMillis, firstMillis * 2 ** Math.min(this.tries++, 20));
    return span * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.tries = 0;
  }
}

/** @returns false when the signal ended the waiting */
export async function pause(millis: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(millis, undefined, { signal });
    return true;
  } catch (error) {
    if ((error as Error).name === 'AbortError') return false;
    throw error;
  }
}
