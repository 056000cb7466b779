/**
 * Metrics of fraud scores. In all of them a higher score is more suspicious, and equal scores are one step, so that the order
 * in which rows come does not matter.
 */

/** Rows from the most suspicious to the least. */
function byScore(scores: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: scores.length }, (_, row) => row).sort((a, b) => scores[b] - scores[a]);
}

/** Calls back once for each distinct score, from the highest: how many frauds and others score at least that. */
function eachThreshold(
  scores: ArrayLike<number>,
  isFraud: ArrayLike<number>,
  step: (frauds: number, others: number) => void,
): void {
  const order = byScore(scores);
  let frauds = 0;
  let others = 0;
  for (let i = 0; i < order.length; i++) {
    if (isFraud[order[i]]) frauds++;
    else others++;
    if (i + 1 === order.length || scores[order[i + 1]] !== scores[order[i]]) step(frauds, others);
  }
}

/**
 * The chance that a fraud scores higher than another row, a tie counting half. NaN without frauds or without others.
 * @param isFraud 1 or 0 a row
 */
export function areaUnderRoc(scores: ArrayLike<number>, isFraud: ArrayLike<number>): number {
  let area = 0;
  let [fraudsBefore, othersBefore] = [0, 0];
  eachThreshold(scores, isFraud, (frauds, others) => {
    area += ((others - othersBefore) * (frauds + fraudsBefore)) / 2;
    [fraudsBefore, othersBefore] = [frauds, others];
  });
  return area / (fraudsBefore * othersBefore);
}

/**
 * The mean over frauds of the precision at each one's score: the sum over thresholds of precision x gain in recall, without
 * interpolation (as scikit-learn defines it). NaN without frauds.
 */
export function averagePrecision(scores: ArrayLike<number>, isFraud: ArrayLike<number>): number {
  let sum = 0;
  let fraudsBefore = 0;
  eachThreshold(scores, isFraud, (frauds, others) => {
    sum += (frauds - fraudsBefore) * (frauds / (frauds + others));
    fraudsBefore = frauds;
  });
  return sum / fraudsBefore;
}

/** Scored payments of some days. */
export interface ScoredPayments {
  readonly scores: ArrayLike<number>;
  readonly accountIds: readonly string[];
  /** 1 or 0 a row. */
  readonly isFraud: ArrayLike<number>;
  /** Number of the day that each row belongs to. */
  readonly days: ArrayLike<number>;
}

/**
 * Card precision@k (Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection, chapter 4): each day the k
 * accounts with the highest score of that day are looked into; the share of them with a fraud that day, averaged over the days.
 * An account found out is not looked into again on later days.
 */
export function cardPrecision({ scores, accountIds, isFraud, days }: ScoredPayments, k: number): number {
  const byDay = new Map<number, Map<string, { score: number; isFraud: boolean }>>();
  for (let row = 0; row < accountIds.length; row++) {
    let accounts = byDay.get(days[row]);
    if (!accounts) {
      accounts = new Map();
      byDay.set(days[row], accounts);
    }
    const seen = accounts.get(accountIds[row]);
    accounts.set(accountIds[row], {
      score: Math.max(scores[row], seen?.score ?? Number.NEGATIVE_INFINITY),
      isFraud: Boolean(isFraud[row]) || (seen?.isFraud ?? false),
    });
  }
  const foundOut = new Set<string>();
  let sum = 0;
  for (const day of [...byDay.keys()].sort((a, b) => a - b)) {
    const ranked = [...byDay.get(day)!]
      .filter(([account]) => !foundOut.has(account))
      .sort(([a, x], [b, y]) => y.score - x.score || (a < b ? -1 : 1))
      .slice(0, k);
    const found = ranked.filter(([, account]) => account.isFraud);
    for (const [account] of found) foundOut.add(account);
    sum += found.length / k;
  }
  return sum / byDay.size;
}
