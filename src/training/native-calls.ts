/**
 * Calls into native code that are under way in this thread. A thread that is ended in the middle of one takes the whole
 * process with it (native code that comes back finds no JavaScript to come back to), so whoever ends a thread waits for
 * them, and forbids new ones meanwhile.
 */
import { CancelledError } from '../errors';

const UNDER_WAY = 0;
const FORBIDDEN = 1;

/** Of one thread, on memory that it shares with whoever may end it. */
export class NativeCalls {
  private readonly words: Int32Array;

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.words = new Int32Array(memory);
  }

  /** @throws CancelledError once they are forbidden */
  async during<Result>(call: () => Promise<Result>): Promise<Result> {
    // Counted first: whoever forbids then sees it, or it sees that it is forbidden.
    Atomics.add(this.words, UNDER_WAY, 1);
    try {
      if (Atomics.load(this.words, FORBIDDEN) === 1) throw new CancelledError('Training');
      return await call();
    } finally {
      Atomics.sub(this.words, UNDER_WAY, 1);
    }
  }

  /** From now on. @returns whether none is under way any more */
  forbid(): boolean {
    Atomics.store(this.words, FORBIDDEN, 1);
    return Atomics.load(this.words, UNDER_WAY) === 0;
  }
}

let ofThisThread = new NativeCalls();

/** Makes this thread count its calls where the thread that started it looks. */
export function countNativeCallsIn(memory: SharedArrayBuffer): void {
  ofThisThread = new NativeCalls(memory);
}

/** Makes a call into native code that nobody may end this thread in. @throws CancelledError once they are forbidden */
export function nativeCall<Result>(call: () => Promise<Result>): Promise<Result> {
  return ofThisThread.during(call);
}
