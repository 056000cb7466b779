/**
 * Where cards are used: shops in each city, services paid by the month, and shops on the web. Each kind has its usual
 * amounts, hours and frequency; each merchant a price level and a draw of its own.
 */
import { Random, WeightedChoice } from './random';
import { CITIES } from './words';

export interface Trade {
  readonly category: string;
  readonly channel: 'card-present' | 'online' | 'recurring';
  /** Median amount in EUR, and the spread of its logarithm. */
  readonly amount: number;
  readonly sigma: number;
  /** Payments a month by a usual account. */
  readonly perMonth: number;
  /** Merchants in a city of average size; for `online` and `recurring` the whole number. */
  readonly merchants: number;
  readonly hours: { readonly from: number; readonly to: number };
  /** How much more is paid at weekends than on working days. */
  readonly weekend: number;
  /** Whether stolen cards are turned into goods here. */
  readonly resaleable: boolean;
}

const shop = {
  channel: 'card-present',
  hours: { from: 9, to: 20 },
  weekend: 1.4,
  resaleable: false,
} as const;

export const TRADES: readonly Trade[] = [
  { ...shop, category: 'groceries', amount: 32, sigma: 0.55, perMonth: 8, merchants: 6, weekend: 1.2 },
  { ...shop, category: 'cafe', amount: 5.2, sigma: 0.4, perMonth: 4, merchants: 5, hours: { from: 7, to: 18 } },
  { ...shop, category: 'restaurant', amount: 38, sigma: 0.5, perMonth: 2.4, merchants: 6, hours: { from: 12, to: 23 } },
  { ...shop, category: 'fuel', amount: 52, sigma: 0.3, perMonth: 1.6, merchants: 3, hours: { from: 6, to: 22 } },
  { ...shop, category: 'transport', amount: 3.4, sigma: 0.5, perMonth: 3, merchants: 2, hours: { from: 6, to: 23 } },
  { ...shop, category: 'pharmacy', amount: 15, sigma: 0.5, perMonth: 0.8, merchants: 3 },
  { ...shop, category: 'clothing', amount: 58, sigma: 0.6, perMonth: 0.8, merchants: 4, weekend: 2, resaleable: true },
  { ...shop, category: 'electronics', amount: 140, sigma: 0.85, perMonth: 0.25, merchants: 2, resaleable: true },
  {
    category: 'web shop',
    channel: 'online',
    amount: 34,
    sigma: 0.8,
    perMonth: 2.6,
    merchants: 40,
    hours: { from: 8, to: 24 },
    weekend: 1,
    resaleable: true,
  },
  {
    category: 'travel',
    channel: 'online',
    amount: 165,
    sigma: 0.7,
    perMonth: 0.3,
    merchants: 12,
    hours: { from: 8, to: 24 },
    weekend: 1,
    resaleable: false,
  },
  {
    category: 'subscription',
    channel: 'recurring',
    amount: 12,
    sigma: 0.45,
    perMonth: 0,
    merchants: 14,
    hours: { from: 3, to: 5 },
    weekend: 1,
    resaleable: false,
  },
];

export interface Merchant {
  readonly merchantId: string;
  readonly trade: Trade;
  /** Index into CITIES; web shops and subscriptions have their seat in one too. */
  readonly city: number;
  /** Median amount here, in EUR. */
  readonly amount: number;
  readonly draw: number;
}

export interface Market {
  readonly merchants: readonly Merchant[];
  /** A merchant of this trade, by its draw: in this city, or anywhere for trades without a place. */
  choose(trade: Trade, city: number, random: Random): number;
}

const AVERAGE_SHARE = CITIES.reduce((sum, city) => sum + city.share, 0) / CITIES.length;

function drawMerchants(random: Random): Merchant[] {
  const merchants: Merchant[] = [];
  const open = (trade: Trade, city: number, count: number): void => {
    for (let i = 0; i < count; i += 1) {
      const word = trade.category.replace(/ /g, '-');
      const place = trade.channel === 'card-present' ? `-${CITIES[city].city.toLowerCase()}` : '';
      merchants.push({
        merchantId: `${word}${place}-${String(i + 1).padStart(2, '0')}`,
        trade,
        city: trade.channel === 'card-present' ? city : random.integer(0, CITIES.length - 1),
        amount: random.logNormal(trade.amount, 0.25),
        draw: random.logNormal(1, 0.7),
      });
    }
  };
  for (const trade of TRADES) {
    if (trade.channel !== 'card-present') open(trade, 0, trade.merchants);
    else
      CITIES.forEach(({ share }, city) => {
        open(trade, city, Math.max(1, Math.round((trade.merchants * share) / AVERAGE_SHARE)));
      });
  }
  return merchants;
}

export function openMarket(seed: number): Market {
  const merchants = drawMerchants(new Random(seed, 'merchants'));
  const placed = new Map<string, number[]>();
  const keyOf = (trade: Trade, city: number): string =>
    trade.channel === 'card-present' ? `${trade.category} ${city}` : trade.category;
  merchants.forEach((merchant, index) => {
    const key = keyOf(merchant.trade, merchant.city);
    placed.set(key, [...(placed.get(key) ?? []), index]);
  });
  const choices = new Map(
    [...placed].map(([key, members]) => [
      key,
      { members, choice: new WeightedChoice(members.map((member) => merchants[member].draw)) },
    ]),
  );
  return {
    merchants,
    choose(trade, city, random) {
      const { members, choice } = choices.get(keyOf(trade, city))!;
      return members[choice.draw(random)];
    },
  };
}
