import fc from 'fast-check';
import { areaUnderRoc, averagePrecision, cardPrecision } from '../../../src/training/evaluation/fraud-metrics';

/** Few distinct scores, so that ties are common; at least one fraud and one other. */
const scored = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 1, maxLength: 40 })
  .map((rows) => [...rows, [3, true] as const, [2, false] as const])
  .map((rows) => ({ scores: rows.map(([score]) => score), labels: rows.map(([, isFraud]) => Number(isFraud)) }));

describe('metrics of fraud scores', () => {
  it('are those of scikit-learn 1.9.1 on scores with ties', () => {
    const labels = [0, 1, 0, 1, 1, 0, 0, 1, 0, 0];
    const scores = [0.1, 0.9, 0.4, 0.4, 0.35, 0.8, 0.2, 0.9, 0.35, 0.05];
    expect(areaUnderRoc(scores, labels)).toBeCloseTo(0.833_333_333_333, 12);
    expect(averagePrecision(scores, labels)).toBeCloseTo(0.792_857_142_857, 12);
  });

  it('the area under ROC is the chance that a fraud scores higher than another row', () => {
    fc.assert(
      fc.property(scored, ({ scores, labels }) => {
        let [wins, pairs] = [0, 0];
        scores.forEach((fraud, i) => {
          scores.forEach((other, j) => {
            if (labels[i] === 0 || labels[j] === 1) return;
            pairs++;
            wins += fraud > other ? 1 : fraud === other ? 0.5 : 0;
          });
        });
        expect(areaUnderRoc(scores, labels)).toBeCloseTo(wins / pairs, 12);
      }),
    );
  });

  it('average precision is the mean, over frauds, of the precision at their score', () => {
    fc.assert(
      fc.property(scored, ({ scores, labels }) => {
        const precisions = scores.flatMap((threshold, i) => {
          if (labels[i] === 0) return [];
          const flagged = labels.filter((_, row) => scores[row] >= threshold);
          return [flagged.reduce((sum, label) => sum + label, 0) / flagged.length];
        });
        const mean = precisions.reduce((sum, precision) => sum + precision, 0) / precisions.length;
        expect(averagePrecision(scores, labels)).toBeCloseTo(mean, 12);
      }),
    );
  });

  it('say that there is nothing to measure without frauds', () => {
    expect(areaUnderRoc([1, 2], [0, 0])).toBeNaN();
    expect(averagePrecision([1, 2], [0, 0])).toBeNaN();
  });

  it('card precision looks into the highest accounts of each day, and into none again that was found out', () => {
    const payments = {
      //          first day             second day
      accountIds: ['a', 'a', 'b', 'c', 'a', 'b', 'c', 'd'],
      scores: [0.1, 0.9, 0.8, 0.7, 0.9, 0.8, 0.7, 0.6],
      isFraud: [1, 0, 0, 1, 1, 0, 1, 1],
      days: [1, 1, 1, 1, 2, 2, 2, 2],
    };
    // Day 1: a (fraud, by its other payment) and b. Day 2, without a: b and c (fraud).
    expect(cardPrecision(payments, 2)).toBe((1 / 2 + 1 / 2) / 2);
    expect(cardPrecision(payments, 1)).toBe((1 + 0) / 2);
    expect(cardPrecision(payments, 4)).toBe((2 / 4 + 1 / 4) / 2);
  });
});
