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

describe('whatever is wrong with an option', () => {
  const WRONG = [-7, 1e12, Number.NaN, Number.POSITIVE_INFINITY, null, 'many words', '', ['many'], { a: 1 }, true];

  test.each(Object.values(trainers).map((trainer) => [trainer.name, trainer] as const))(
    '%s says it in words of its own',
    (_name, trainer) => {
      let refused = 0;
      for (const option of Object.keys(parseOptions(trainer)))
        for (const value of WRONG) {
          const message = refusalOf(() => parseOptions(trainer, { [option]: value }));
          if (message === undefined) continue;
          refused++;
          expect(message).toMatch(new RegExp(`^${trainer.name} option ${option} cannot be .+\\. It takes: .+\\.$`));
          expect(message).not.toMatch(/Too (small|big)|Invalid|expected|undefined|\^\[/);
        }
      expect(refused).toBeGreaterThan(50);
    },
  );
});

function refusalOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('options given as text', () => {
  const trainer = {
    name: 'example',
    options: z.strictObject({
      window: z.number().int().min(1).max(10).default(5),
      rate: z.number().default(0.1),
      shuffle: z.boolean().default(false),
      loss: z.enum(['mse', 'huber']).default('mse'),
      name: z.string().default(''),
      seed: z.number().int().min(0).default(1),
      layers: z.array(z.number()).default([1]),
    }),
  };

  test('become what the option wants', () => {
    const given = { window: '7', rate: ' 1e-3', shuffle: 'true', loss: 'huber', name: '12', layers: '[3,4]' };
    expect(parseOptions(trainer, given)).toEqual({
      ...given,
      window: 7,
      rate: 0.001,
      shuffle: true,
      layers: [3, 4],
      seed: 1,
    });
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
      message: expect.stringMatching(/^example option \w+ cannot be .+\. It takes: .+\.$/),
      remedy: expect.stringMatching(/^Leave it out to have the default \(.+\), or see: kindred train example --help$/),
      facts: { given: value },
    });
    expect(() => parseOptions(trainer, { [option]: value })).toThrow(refused);
    expect(() => parseOptions(trainer, { [option]: value })).toThrow(String(value));
  });

  test.each([
    [{ window: '0' }, 'example option window cannot be 0. It takes: whole number, 1 to 10.'],
    [{ window: -3 }, 'example option window cannot be -3. It takes: whole number, 1 to 10.'],
    [{ window: Number.NaN }, 'example option window cannot be NaN. It takes: whole number, 1 to 10.'],
    [{ loss: 'cross-entropy' }, 'example option loss cannot be "cross-entropy". It takes: mse | huber.'],
    [{ layers: [1, 'a'] }, 'example option layers cannot be [1,"a"]. It takes: list with commas, number.'],
    [
      { seed: 1e40 },
      'example option seed cannot be 1e+40. It takes: whole number, 0 or more, at most 9007199254740991.',
    ],
    [
      { name: { long: 'x'.repeat(500) } },
      `example option name cannot be {"long":"${'x'.repeat(91)} …. It takes: text.`,
    ],
  ])('are told what was given and what there can be: %j', (given, message) => {
    expect(() => parseOptions(trainer, given)).toThrow(expect.objectContaining({ message }));
  });
});
