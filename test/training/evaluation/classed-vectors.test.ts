import { evaluateClassedVectors } from '../../../src/training/evaluation/classed-vectors';
import { Random } from '../../../src/training/kernels/random';

/** Three kinds, each about a corner of its own; every tenth has no class. */
function clouds(spread: number) {
  const random = Random.seeded(4);
  const classes = Int32Array.from({ length: 300 }, (_, row) => (row % 10 === 9 ? -1 : row % 3));
  const vectors = Float32Array.from(
    { length: 300 * 3 },
    (_, i) => Number(i % 3 === Math.floor(i / 3) % 3) + spread * (random.fraction() - 0.5),
  );
  return { vectors, dimension: 3, classes };
}

describe('classes of frozen vectors', () => {
  it('are told apart where they lie apart, beside the commonest class', () => {
    const { metrics, baselines, protocol } = evaluateClassedVectors(clouds(0.5));
    expect(metrics.accuracy).toBe(1);
    expect(metrics.aucRoc).toBe(1);
    expect(baselines[0].metrics.accuracy).toBeLessThan(0.5);
    expect(protocol).toContain('learned on 135, asked for the class of 135');
  });

  it('are guessed where nothing tells them apart', () => {
    const { classes } = clouds(0);
    const random = Random.seeded(6);
    const vectors = Float32Array.from({ length: 900 }, () => random.fraction());
    const { metrics } = evaluateClassedVectors({ vectors, dimension: 3, classes });
    expect(metrics.accuracy).toBeLessThan(0.5);
    expect(Math.abs(metrics.aucRoc - 0.5)).toBeLessThan(0.1);
  });

  it('need two of them, and vectors to ask', () => {
    const { vectors, dimension, classes } = clouds(1);
    const refused = expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'classes' });
    const of =
      (given: Int32Array, trainingShare = 0.5) =>
      () =>
        evaluateClassedVectors({ vectors, dimension, classes: given }, { trainingShare });
    expect(of(new Int32Array(300))).toThrow(refused);
    expect(of(new Int32Array(300).fill(-1))).toThrow(refused);
    expect(of(classes, 1)).toThrow(refused);
  });
});
