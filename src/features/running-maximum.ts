/** The largest number of a sliding window, in constant time a step on average: rows that a later, larger one outlives are let go. */
export class RunningMaximum {
  private positions: number[] = [];
  private values: number[] = [];
  private first = 0;

  /** @param position larger than all before */
  add(position: number, value: number): void {
    while (this.values.length > this.first && this.values[this.values.length - 1] <= value) {
      this.values.pop();
      this.positions.pop();
    }
    this.positions.push(position);
    this.values.push(value);
  }

  /** Lets go of everything before this position. */
  dropBefore(position: number): void {
    while (this.first < this.positions.length && this.positions[this.first] < position) this.first++;
    if (this.first < 64 || this.first * 2 < this.positions.length) return;
    this.positions = this.positions.slice(this.first);
    this.values = this.values.slice(this.first);
    this.first = 0;
  }

  /** undefined when the window is empty. */
  get largest(): number | undefined {
    return this.values[this.first];
  }
}
