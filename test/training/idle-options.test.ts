/** An option that nothing reads is refused; one at its default, or beside the choice that it belongs to, is not. */
import { z } from 'zod';
import { refuseIdle } from '../../src/training/idle-options';
import { parseOptions, trainers } from '../../src/training/trainers';

describe('an option of one choice', () => {
  const schema = z.strictObject({
    loss: z.enum(['margin', 'softmax']).default('margin'),
    margin: z.number().default(0.5),
    words: z.boolean().default(false),
    window: z.number().default(5),
  });
  const refuse = (given: z.input<typeof schema>) => () =>
    refuseIdle(schema, schema.parse(given), [
      { options: ['margin'], to: [['loss', 'margin']] },
      {
        options: ['window'],
        to: [
          ['loss', 'softmax'],
          ['words', true],
        ],
      },
    ]);

  test('is refused beside another, and told what it belongs to', () => {
    expect(refuse({ loss: 'softmax', margin: 0.3 })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        field: 'margin',
        message: 'margin is of loss=margin only; loss=softmax does not look at it.',
        remedy: 'Leave margin at 0.5, or set loss=margin.',
        facts: { margin: 0.3 },
      }),
    );
    expect(refuse({ window: 9 })).toThrow(
      expect.objectContaining({ field: 'window', remedy: 'Leave window at 5, or set loss=softmax or words=true.' }),
    );
  });

  test('passes beside its own, any one of several, and wherever it has its default', () => {
    for (const given of [
      {},
      { margin: 0.3 },
      { words: true, window: 9 },
      { loss: 'softmax', window: 9 },
      { loss: 'softmax', margin: 0.5 },
    ] as const)
      expect(refuse(given)).not.toThrow();
  });
});

describe('the options of a trainer', () => {
  test.each(Object.values(trainers).map((trainer) => [trainer.name, trainer] as const))(
    '%s: agree with each other by default, and can be given again whole',
    (_name, trainer) => {
      const options = parseOptions(trainer);
      expect(() => trainer.check?.(options)).not.toThrow();
      expect(parseOptions(trainer, options)).toEqual(options);
    },
  );

  test.each([
    ['coles', 'margin', { loss: 'softmax', margin: 0.3 }],
    ['coles', 'temperature', { temperature: 1 }],
    ['pooling', 'smoothing', { method: 'mean', smoothing: 0.1 }],
    ['pooling', 'width', { method: 'gru', width: 5 }],
    ['pooling', 'dimension', { method: 'sif', dimension: 32 }],
    ['pooling', 'margin', { method: 'gru', loss: 'softmax', margin: 0.3 }],
    ['doc2vec', 'window', { window: 9 }],
    ['autoencoder', 'huberDelta', { loss: 'mse', huberDelta: 1 }],
    ['node2vec', 'window', { window: 10, walkLength: 10 }],
    ['word2vec', 'negativeSharing', { architecture: 'cbow', negativeSharing: 2 }],
  ])('%s: %s is refused by its check where it has no effect', (name, field, given) => {
    const trainer = trainers[name];
    expect(() => trainer.check!(parseOptions(trainer, given))).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', field, remedy: expect.any(String) }),
    );
  });

  test.each([
    ['coles', { loss: 'softmax', temperature: 0.2 }],
    ['pooling', { method: 'convolution', width: 5, dimension: 32, margin: 0.3 }],
    ['pooling', { method: 'mean', seed: 3, threads: 2 }],
    ['doc2vec', { trainWords: true, window: 9 }],
    ['doc2vec', { architecture: 'dm', window: 9 }],
  ])('%s: %j agree', (name, given) => {
    const trainer = trainers[name];
    expect(() => trainer.check!(parseOptions(trainer, given))).not.toThrow();
  });
});
