import { z } from 'zod';
import { parseOptions, trainerNamed, trainers } from '../../src/training/trainers';

describe('the trainers', () => {
  test('are found by name, and a wrong name is told the right ones', () => {
    expect(trainerNamed('word2vec')).toBe(trainers.word2vec);
    for (const name of ['word3vec', 'constructor', '__proto__', '']) {
      expect(() => trainerNamed(name)).toThrow(
        expect.objectContaining({
          code: 'BAD_USER_INPUT',
          field: 'trainer',
          remedy: expect.stringContaining('word2vec'),
        }),
      );
    }
  });

  test.each(Object.values(trainers).map((trainer) => [trainer.name, trainer] as const))(
    '%s has a default for each option, and refuses one that it does not know',
    (name, trainer) => {
      expect(Object.keys(parseOptions(trainer)).length).toBeGreaterThan(5);
      expect(() => parseOptions(trainer, { windowSize: 3 })).toThrow(
        expect.objectContaining({
          code: 'OPTION_INVALID',
          field: 'windowSize',
          message: expect.stringContaining(name),
        }),
      );
    },
  );

  test('have their options frozen', () => {
    expect(Object.isFrozen(parseOptions(trainers.word2vec))).toBe(true);
  });
});

describe('options given as text', () => {
  const trainer = {
    name: 'example',
    options: z.strictObject({
      window: z.number().int().min(1).max(10).default(5),
      rate: z.number().default(0.1),
      shuffle: z.boolean().default(false),
      loss: z.enum(['mse', 'huber']).default('mse'),
      name: z.string().default(''),
      layers: z.array(z.number()).default([1]),
    }),
  };

  test('become what the option wants', () => {
    const given = { window: '7', rate: ' 1e-3', shuffle: 'true', loss: 'huber', name: '12', layers: '[3,4]' };
    expect(parseOptions(trainer, given)).toEqual({ ...given, window: 7, rate: 0.001, shuffle: true, layers: [3, 4] });
    expect(parseOptions(trainer, { layers: '100,20,100' }).layers).toEqual([100, 20, 100]);
    expect(parseOptions(trainer, { layers: '7' }).layers).toEqual([7]);
    expect(parseOptions(trainer, { window: 7, shuffle: true }).window).toBe(7);
  });

  test.each([
    ['window', '11'],
    ['window', 'ten'],
    ['window', ''],
    ['window', '1.5'],
    ['window', 'NaN'],
    ['window', 'Infinity'],
    ['window', null],
    ['shuffle', 'maybe'],
    ['loss', 'cross-entropy'],
    ['layers', '[1,'],
    ['layers', 'a,b'],
  ])('are refused where they make no sense, naming option and value: %s=%s', (option, value) => {
    const refused = expect.objectContaining({
      code: 'OPTION_INVALID',
      field: option,
      message: expect.stringContaining(JSON.stringify(value)),
      remedy: expect.any(String),
    });
    expect(() => parseOptions(trainer, { [option]: value })).toThrow(refused);
  });
});
