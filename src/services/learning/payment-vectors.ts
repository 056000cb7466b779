/**
 * What a sequence trainer's vectors of accounts are worth to who looks for fraud: how much they add to the hand-made
 * features of payments for a linear model. Measured where payments have labels, beside the trainer's own evaluation.
 */
import { join } from 'node:path';
import type { ModelEvaluation } from '../../domain/model';
import type { LabelFacts } from '../../stores/event-pages';
import type { EventSequences } from '../../training/sequence2vec/event-sequences';
import type { LessonContext, OffThread } from './lesson';
import { features, readNewestFeatures, testPeriod } from './payment-features';

export interface PaymentVectors {
  readonly trainer: string;
  /** Every payment of the accounts: one that is missing would move the others to wrong rows. */
  readonly sequences: EventSequences;
  /** What pooling stands on, and of which model it is. */
  readonly standing?: { readonly id: string; readonly base: unknown };
  readonly labels: LabelFacts;
  readonly seed: number;
}

/** @returns the evaluation with further metrics; as it was where labels tell nothing, or there is no evaluation to join */
export async function withPaymentMetrics(
  evaluation: ModelEvaluation | undefined,
  { trainer, sequences, standing, labels, seed }: PaymentVectors,
  { context, off }: { context: LessonContext; off: OffThread },
): Promise<ModelEvaluation | undefined> {
  if (!evaluation || labels.frauds === 0 || labels.others === 0) return evaluation;
  const { table, of } = await readNewestFeatures(context);
  const measured = await off.run<ModelEvaluation | undefined>(
    {
      module: join(__dirname, '..', '..', 'training', 'evaluation', 'payment-histories'),
      call: 'trainAndEvaluateOnPayments',
      args: [
        trainer,
        { sequences, table },
        context.options,
        { ...testPeriod(table), seed, base: standing?.base, labelDelayDays: features.labelDelayDays },
      ],
    },
    'vectors',
  );
  if (!measured) return evaluation;
  const { metrics, baselines, protocol, primary } = measured;
  const column = `payments' ${primary}`;
  const payments = of === undefined ? 'payments' : `the newest ${table.rows} of ${of} payments`;
  return {
    ...evaluation,
    protocol: `${evaluation.protocol}. Besides, of ${payments}: ${protocol}${standing ? `, but for what ${standing.id}, which is pooled, had learned` : ''}`,
    metrics: { ...evaluation.metrics, [column]: metrics[primary] },
    baselines: [
      ...evaluation.baselines,
      // None of them is to be beaten: what the model is promoted by is its own evaluation's.
      ...baselines.map((rival) => ({ name: rival.name, plain: false, metrics: { [column]: rival.metrics[primary] } })),
    ],
  };
}
