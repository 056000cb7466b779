/**
 * Tells things apart by their amounts: `grocer·bin 2`. Amounts of different currencies have bins of their own. Where bins
 * begin is written down among a model's facts, so that events which came after training get the names that it learned.
 */
export class AmountBins {
  /** @param edges by currency: the greatest amount of each bin but the last */
  constructor(private readonly edges: ReadonlyMap<string, readonly number[]>) {}

  /** Those that a model learned by; undefined where it learned things alone. */
  static ofModel({ facts }: { facts: Readonly<Record<string, unknown>> }): AmountBins | undefined {
    const { amountBinEdges } = facts;
    if (typeof amountBinEdges !== 'string') return undefined;
    const texts = amountBinEdges.split('; ').map((text) => text.split(': '));
    return new AmountBins(new Map(texts.map(([currency, edges]) => [currency, edges.split(', ').map(Number)])));
  }

  /** The most that amounts of one currency are cut into. */
  get count(): number {
    return [...this.edges.values()].reduce((most, { length }) => Math.max(most, length + 1), 0);
  }

  get facts(): { amountBinEdges: string } {
    const texts = [...this.edges].map(([currency, edges]) => `${currency}: ${edges.join(', ')}`);
    return { amountBinEdges: texts.join('; ') };
  }

  /**
   * @param currency may be left out where there is only one
   * @returns the thing alone where no amount of the currency was learned: there is no bin to put it into
   */
  nameOf(thing: string, amount: number, currency = this.onlyCurrency): string {
    const edges = this.edges.get(currency ?? '');
    if (!edges) return thing;
    const bin = edges.findIndex((edge) => amount <= edge);
    return `${thing}·bin ${(bin < 0 ? edges.length : bin) + 1}`;
  }

  private get onlyCurrency(): string | undefined {
    return this.edges.size === 1 ? [...this.edges.keys()][0] : undefined;
  }
}
