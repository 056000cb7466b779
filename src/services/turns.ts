/** Work that must not overlap takes turns, in the order in which it came. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    // The next one comes whatever became of this one, whose caller hears of it.
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
