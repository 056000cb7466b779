import { evaluateClassification, f1, splitRows } from '../../../src/training/evaluation/classification';
import { Random } from '../../../src/training/kernels/random';

/** 200 rows about three corners; every tenth has the labels of two. */
function corners() {
  const random = Random.seeded(4);
  const labels = Array.from({ length: 200 }, (_, row) => (row % 10 === 0 ? [row % 3, (row + 1) % 3] : [row % 3]));
  const vectors = new Float32Array(200 * 3);
  labels.forEach((own, row) => {
    for (const label of own) vectors[row * 3 + label] += 1;
    for (let i = 0; i < 3; i++) vectors[row * 3 + i] += 0.2 * (random.fraction() - 0.5);
  });
  return { vectors, dimension: 3, labels, classes: 3 };
}

describe('classification on frozen vectors', () => {
  it('finds labels that the vectors tell apart, two where two are known', () => {
    const { macro, micro, perSplit } = evaluateClassification(corners(), { labelShare: 0.5, splits: 3, seed: 1 });
    expect(macro).toBeGreaterThan(0.97);
    expect(micro).toBeGreaterThan(0.97);
    expect(perSplit).toHaveLength(3);
  });

  it('finds nothing in vectors that know nothing', () => {
    const random = Random.seeded(9);
    const noise = { ...corners(), vectors: Float32Array.from({ length: 600 }, () => random.fraction()) };
    expect(evaluateClassification(noise, { labelShare: 0.5, splits: 3, seed: 1 }).micro).toBeLessThan(0.55);
  });

  it('gives the same figures for the same seed, and leaves unlabelled rows aside', () => {
    const data = corners();
    const options = { labelShare: 0.3, splits: 2, seed: 5 };
    expect(evaluateClassification(data, options)).toEqual(evaluateClassification(data, options));
    const { learnt, asked } = splitRows(
      { ...data, labels: data.labels.map((own, row) => (row < 50 ? [] : own)) },
      options,
      0,
    );
    expect([...learnt, ...asked].sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, i) => i + 50));
    expect(learnt).toHaveLength(45);
  });

  it('refuses a share that leaves one side empty', () => {
    expect(() => evaluateClassification(corners(), { labelShare: 1, splits: 1, seed: 1 })).toThrow(
      expect.objectContaining({ field: 'labelShare' }),
    );
  });

  it('computes F1 as scikit-learn does: a label neither there nor predicted counts 0', () => {
    // Label 0: 1 hit, 1 missed, 0 wrong: 2/3. Label 1: 1 hit, 0 missed, 1 wrong: 2/3. Label 2 does not occur.
    expect(f1([[0], [0], [1]], [[0], [1], [1]], 3)).toEqual({ macro: 4 / 9, micro: 2 / 3 });
  });
});
