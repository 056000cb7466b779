/** The pasts of accounts or of merchants in memory: those seen longest ago are let go first. */

interface Past {
  /** Rows it holds now. */
  readonly rows: number;
  /** Lets go of rows that nobody will ask for. */
  trim(): void;
}

export class PartyCache<Timeline extends Past> {
  /** In the order in which they were touched. */
  private readonly parties = new Map<string, { timeline: Timeline; counted: number }>();
  private touched = new Set<string>();
  /** Touched by the last batch. */
  private recent: ReadonlySet<string> = new Set();
  private total = 0;

  /** As last counted. */
  get rows(): number {
    return this.total;
  }

  find(id: string): Timeline | undefined {
    return this.parties.get(id)?.timeline;
  }

  /** One that is known to be here. */
  of(id: string): Timeline {
    return this.parties.get(id)!.timeline;
  }

  /** Finds it, and keeps it longer than those that were not touched. */
  touch(id: string): Timeline | undefined {
    const party = this.parties.get(id);
    if (!party) return undefined;
    this.parties.delete(id);
    this.parties.set(id, party);
    this.touched.add(id);
    return party.timeline;
  }

  /** In place of what was known, if anything. */
  set(id: string, timeline: Timeline): void {
    this.forget(id);
    this.parties.set(id, { timeline, counted: 0 });
    this.touched.add(id);
  }

  forget(id: string): void {
    this.total -= this.parties.get(id)?.counted ?? 0;
    this.parties.delete(id);
    this.touched.delete(id);
  }

  clear(): void {
    this.parties.clear();
    this.touched.clear();
    this.total = 0;
  }

  /** Counts a party's rows anew. */
  count(id: string): void {
    const party = this.parties.get(id);
    if (!party) return;
    this.total += party.timeline.rows - party.counted;
    party.counted = party.timeline.rows;
  }

  /** Trims and counts whoever was touched since the last time. */
  settle(): void {
    for (const id of this.touched) {
      this.find(id)?.trim();
      this.count(id);
    }
    this.recent = this.touched;
    this.touched = new Set();
  }

  /** As far as it can without those of the last batch: a busy party would be read anew for each. */
  shrinkTo(rows: number): void {
    for (const id of this.parties.keys()) {
      if (this.total <= rows) return;
      if (!this.recent.has(id)) this.forget(id);
    }
  }
}
