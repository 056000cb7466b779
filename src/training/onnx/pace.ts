/**
 * How many training steps a call of the runtime may make so that it does not take long: few at first, then as many as fit
 * by what the steps before took. The clock says only how steps are divided among calls, never what they come to.
 */

/** A call that is under way when a run is cancelled is waited for. Half of what that may take: the machine may get busier. */
const CALL_MILLIS = 1000;
/** From one call to the next: a first call that is slow because memory is new, or a short pause, is soon made up for. */
const MOST_GROWTH = 4;

export class Pace {
  private steps = 1;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param left steps that are still to be made, one or more */
  next(left: number): number {
    return Math.min(left, this.steps);
  }

  /** Makes the call, and learns from how long its `steps` took. */
  async during<Result>(steps: number, call: () => Promise<Result>): Promise<Result> {
    const start = this.now();
    const result = await call();
    const fitting = (CALL_MILLIS * steps) / Math.max(this.now() - start, Number.MIN_VALUE);
    this.steps = Math.max(1, Math.floor(Math.min(fitting, MOST_GROWTH * Math.max(steps, this.steps))));
    return result;
  }
}
