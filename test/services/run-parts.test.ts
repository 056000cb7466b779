import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelEvaluation } from '../../src/domain/model';
import { Checkpoints } from '../../src/services/checkpoints';
import type { OffThread, Prepared } from '../../src/services/learning/lesson';
import { measure } from '../../src/services/run-parts';

const own: ModelEvaluation = { protocol: 'own', sampled: false, metrics: { mrr: 0.5 }, primary: 'mrr', baselines: [] };
const JOB = { module: 'nowhere', call: 'measure', args: [] };

describe('measuring a run', () => {
  let folder: string;
  let jobs: string[];
  let isStopped: boolean;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kindred-test-'));
    jobs = [];
    isStopped = true;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const off: OffThread = {
    train: () => Promise.reject(new Error('nothing is trained here')),
    run: async <Result>(_job: unknown, part = 'evaluation') => {
      jobs.push(part);
      if (part === 'vectors' && isStopped) throw new Error('stopped');
      return (part === 'evaluation' ? own : undefined) as Result;
    },
  };
  const prepared = (fingerprint: string): Prepared => ({
    data: { stream: 'transactions', rows: 1 },
    fingerprint,
    evaluate: async ({ run }) => {
      const evaluation = await run<ModelEvaluation>(JOB);
      await run(JOB, 'vectors');
      return { ...evaluation, metrics: { ...evaluation.metrics, payments: 0.25 } };
    },
    learn: () => Promise.reject(new Error('nothing is learned here')),
  });

  it('does not do again what was done before an interruption, for the same data alone', async () => {
    const checkpoints = () => new Checkpoints(folder).of({ trainer: 'elmo', space: 'elmo_merchants', options: {} });
    await expect(measure(prepared('these payments'), off, checkpoints())).rejects.toThrow('stopped');
    isStopped = false;
    const measured = await measure(prepared('these payments'), off, checkpoints());
    expect(measured!.metrics).toEqual({ mrr: 0.5, payments: 0.25 });
    expect(jobs).toEqual(['evaluation', 'vectors', 'vectors']);
    await measure(prepared('these payments'), off, checkpoints());
    expect(jobs).toHaveLength(3);
    await measure(prepared('others'), off, checkpoints());
    expect(jobs.slice(3)).toEqual(['evaluation', 'vectors']);
  });
});
