import { evaluationText, figure, modelText, promotionText, table } from '../../src/cli/model-text';
import type { Model } from '../../src/domain/model';

const model: Model = {
  id: 'items-3',
  space: 'items',
  trainer: 'word2vec',
  version: 3,
  options: { dimension: 64, hiddenLayers: [8, 4] },
  data: {
    stream: 'interactions',
    rows: 92_835,
    from: new Date('2026-01-02T03:04:05Z'),
    to: new Date('2026-02-01T00:00:00Z'),
  },
  evaluation: {
    protocol: 'one item a user hidden, full ranking',
    sampled: false,
    primary: 'HR@10',
    metrics: { 'HR@10': 0.21234, 'NDCG@10': 0.1 },
    baselines: [{ name: 'popularity', plain: true, metrics: { 'HR@10': 0.08 } }],
  },
  facts: { tokens: 10 },
  dimension: 64,
  vectors: 1_200,
  seconds: 4.25,
  createdAt: new Date('2026-02-02T00:00:00Z'),
  live: true,
};

describe('text about models', () => {
  it('shows what would break a line or command the terminal as an escape', () => {
    expect(table(['id', 'title'], [['a\nb', 'red \u001b[31m']])).toBe('id        title\na\\u000ab  red \\u001b[31m\n');
  });

  it('aligns words left and numbers right', () => {
    expect(
      table(
        ['id', 'n'],
        [
          ['a', 5],
          ['long', 123],
        ],
      ),
    ).toBe('id      n\na       5\nlong  123\n');
  });

  it('has a header even where there are no rows', () => {
    expect(table(['id', 'n'], [])).toBe('id  n\n');
  });

  it('gives three significant digits', () => {
    expect([figure(0.123456), figure(12), figure(0.0000012345)]).toEqual(['0.123', '12', '0.00000123']);
  });

  it('puts the baselines beside the model and marks what decides', () => {
    const text = evaluationText(model.evaluation!);
    expect(text).toContain('one item a user hidden, full ranking');
    expect(text).toMatch(/HR@10\* +NDCG@10/);
    expect(text).toMatch(/this model +0\.212 +0\.100/);
    expect(text).toMatch(/popularity \(to beat\) +0\.0800/);
  });

  it('tells what a model is, learned from and reached', () => {
    const text = modelText(model);
    expect(text).toContain('model items-3: word2vec in space items, live');
    expect(text).toContain('learned from 92,835 interactions, 2026-01-02 to 2026-02-01 in 4.3 s');
    expect(text).toContain('options: dimension=64 hiddenLayers=8,4');
    expect(modelText({ ...model, evaluation: undefined })).toContain('not evaluated');
  });

  it('tells what a promotion replaced', () => {
    const promotion = {
      space: 'items',
      model,
      replacedId: 'items-2',
      kind: 'promote',
      forced: true,
      promotedAt: new Date(),
    } as const;
    expect(promotionText(promotion)).toBe('items-3 now answers for space items, in place of items-2 (forced)\n');
    expect(promotionText({ ...promotion, replacedId: model.id })).toBe('items-3 answers for space items already\n');
  });
});
