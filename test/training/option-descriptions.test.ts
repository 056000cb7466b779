import { z } from 'zod';
import { describeOptions } from '../../src/training/option-descriptions';

describe('the description of options', () => {
  it('is read out of the schema: name, type, range, default, meaning', () => {
    const schema = z
      .object({
        dimension: z.number().int().min(1).max(1_024).default(64).describe('length of a vector'),
        p: z.number().positive().default(1),
        seed: z.number().int().default(1),
        loss: z.enum(['mse', 'huber']).default('mse'),
        hiddenLayers: z.array(z.number().int().min(1)).default([100, 20, 100]),
        columns: z.array(z.number()).min(1).max(16).default([1]),
        share: z.number().positive().lt(1).optional(),
        base: z.string().min(1).max(200).default('auto'),
        field: z.string().regex(/^a+$/).meta({ title: 'name of a, b and c' }).default('auto'),
        threads: z.number().int().min(0).optional(),
        shuffle: z.boolean().default(true),
      })
      .strict()
      .refine((options) => options.dimension > 0);
    expect(describeOptions(schema)).toEqual([
      { name: 'dimension', type: 'whole number, 1 to 1024', default: '64', meaning: 'length of a vector' },
      { name: 'p', type: 'number, above 0', default: '1', meaning: '' },
      { name: 'seed', type: 'whole number', default: '1', meaning: '' },
      { name: 'loss', type: 'mse | huber', default: 'mse', meaning: '' },
      {
        name: 'hiddenLayers',
        type: 'list with commas, whole number, 1 or more',
        default: '100,20,100',
        meaning: '',
      },
      { name: 'columns', type: 'list with commas, 1 to 16 of: number', default: '1', meaning: '' },
      { name: 'share', type: 'number, above 0, below 1', default: undefined, meaning: '' },
      { name: 'base', type: 'text, 1 to 200 characters', default: 'auto', meaning: '' },
      { name: 'field', type: 'name of a, b and c', default: 'auto', meaning: '' },
      { name: 'threads', type: 'whole number, 0 or more', default: undefined, meaning: '' },
      { name: 'shuffle', type: 'true | false', default: 'true', meaning: '' },
    ]);
  });
});
