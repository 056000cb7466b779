/** Records a second, as an average in which the last seconds count most. */

/** What is so long ago counts for a third (1/e). */
const MEMORY_SECONDS = 10;

export class Rate {
  private value = 0;
  private at?: number;

  /**
   * What it would be with so many more; nothing is kept.
   * @param now milliseconds of a clock that does not jump
   */
  after(records: number, now: number): number {
    const elapsed = this.at === undefined ? MEMORY_SECONDS : Math.max((now - this.at) / 1_000, 0);
    // Records arrive in heaps: each heap adds its share, and all fade.
    return this.value * Math.exp(-elapsed / MEMORY_SECONDS) + records / MEMORY_SECONDS;
  }

  add(records: number, now: number): void {
    this.value = this.after(records, now);
    this.at = now;
  }
}
