/**
 * Bands of popularity: a version's things, the most frequent first, cut where they make up a third and two thirds of all
 * events. HIGH are the few that make the first third, LOW the many that make the last; things that were seen equally often
 * are in one band, so MIDDLE may be empty. A version never changes, so its cuts are counted once.
 */
import type { Model } from '../domain/model';
import { POPULARITY_BANDS, type PopularityBand } from '../domain/things';
import { InputError } from '../errors';
import type { Database } from '../stores/database';
import { type FrequencyBand, frequencyBands } from '../stores/frequencies';
import type { RankRequest } from '../stores/ranking';
import { vectorTableName } from '../stores/vectors';

const SHARES = [1 / 3, 2 / 3];
/** Versions whose cuts are remembered: three numbers each. */
const VERSIONS_KEPT = 1_000;
/**
 * In bands of up to this many things all are compared, which takes less time than it takes an index to pass over what is not
 * in the band (100 dimensions: some 5 ms).
 */
const FEW_THINGS = 5_000;

export class Popularity {
  private readonly cuts = new Map<string, Promise<Cuts>>();

  constructor(private readonly database: Database) {}

  of(model: Model): Promise<Cuts> {
    const known = this.cuts.get(model.id);
    if (known) return known;
    const counting = this.count(model);
    this.cuts.set(model.id, counting);
    const oldest = this.cuts.keys().next();
    if (this.cuts.size > VERSIONS_KEPT && !oldest.done) this.cuts.delete(oldest.value);
    // What failed is counted again by the next one who asks.
    counting.catch(() => this.cuts.delete(model.id));
    return counting;
  }

  private async count(model: Model): Promise<Cuts> {
    return new Cuts(await frequencyBands(this.database, vectorTableName(model.space, model.version), SHARES));
  }
}

/** A version's bands. */
export class Cuts {
  constructor(private readonly bands: readonly FrequencyBand[]) {}

  bandOf(frequency: number): PopularityBand {
    return POPULARITY_BANDS[this.bands.findIndex(({ from = 0 }) => frequency >= from)];
  }

  /** What keeps a ranked list within a band. */
  within(band: PopularityBand | undefined): Pick<RankRequest, 'frequency' | 'fewInRange'> {
    if (band === undefined) return {};
    const place = POPULARITY_BANDS.indexOf(band);
    if (place < 0) throw new InputError('band', `"band" is one of ${POPULARITY_BANDS.join(', ')}.`);
    const { from, below, things } = this.bands[place];
    return { frequency: { from, below }, fewInRange: things <= FEW_THINGS };
  }
}
