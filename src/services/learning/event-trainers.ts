/**
 * The trainers that learn from sequences of events as they are: whole sequences' vectors (doc2vec, pooling, CoLES), and
 * models of what comes next (ELMo, SASRec).
 */
import { join } from 'node:path';
import type { ModelEvaluation } from '../../domain/model';
import { labelFacts } from '../../stores/event-pages';
import type { SequenceModel } from '../../training/trainer';
import type { Lesson, LessonContext } from './lesson';
import { paymentsDigest } from './payment-features';
import { withPaymentMetrics } from './payment-vectors';
import { type PoolingBase, readPoolingBase } from './pooling-base';
import { sequenceProduct } from './product';
import { readSequences } from './sequences';
import { sequenceOptionsOf, sequencesBy, thingsBy } from './spaces';

/** Seed of what evaluation hides: the same for every run, so that versions can be compared. */
const SPLIT_SEED = 1;

interface EventTrainer extends Pick<Lesson, 'space' | 'owns'> {
  readonly trainer: string;
  /** Whether it looks at amounts and categories. */
  readonly details: boolean;
  /** How it is measured: by what comes next, or by a sequence's half finding its other half. */
  readonly measuredBy: 'next-item' | 'sequence-halves';
  /** Whether its vectors can say something about an account as of a payment. */
  readonly ofPayments: boolean;
  /** What it stands on beside the sequences. */
  readonly readBase?: (context: LessonContext) => Promise<PoolingBase>;
}

const JOBS = { 'next-item': 'trainAndEvaluateNextItems', 'sequence-halves': 'trainAndEvaluateSequenceHalves' };

function eventLesson(of: EventTrainer): Lesson {
  const { trainer, space, owns, details, measuredBy, ofPayments, readBase } = of;
  return {
    space,
    owns,
    async prepare(context) {
      const options = sequenceOptionsOf(context.options);
      const standing = await readBase?.(context);
      const { data, sequences, facts, fingerprint } = await readSequences(context, options, {
        details,
        bins: standing?.bins,
      });
      const given = standing ? { sequences, base: standing.base } : sequences;
      // Vectors as of a payment need every payment before it, whatever its field.
      const everyPayment = options.sequences === 'accounts' && facts.eventsWithoutField === undefined;
      const labels = ofPayments && everyPayment ? await labelFacts(context.database, context.range) : undefined;
      return {
        data,
        // Features of payments are made of more of them than the sequences hold.
        fingerprint: JSON.stringify([fingerprint, standing?.id, labels, labels && (await paymentsDigest(context))]),
        evaluate: async (off) => {
          const evaluation = await off.run<ModelEvaluation | undefined>({
            module: join(__dirname, '..', '..', 'training', 'evaluation', measuredBy),
            call: JOBS[measuredBy],
            args: [trainer, given, context.options, { seed: SPLIT_SEED }],
          });
          const stated = evaluation && standing ? withBase(evaluation, standing.id) : evaluation;
          if (!labels) return stated;
          const vectors = { trainer, sequences, standing, labels, seed: SPLIT_SEED };
          return withPaymentMetrics(stated, vectors, { context, off });
        },
        learn: async ({ train }) =>
          sequenceProduct(await train<unknown, SequenceModel>(given, 'training'), {
            ...facts,
            ...(standing && { base: standing.id }),
          }),
      };
    },
  };
}

/** What is pooled was learned before, from whatever the store held then: what is held out too. */
function withBase(evaluation: ModelEvaluation, base: string): ModelEvaluation {
  return { ...evaluation, protocol: `${evaluation.protocol}; but for what ${base}, which is pooled, had learned` };
}

export const doc2vecLesson = eventLesson({
  ...sequencesBy('doc2vec'),
  ...{ trainer: 'doc2vec', details: false, measuredBy: 'sequence-halves', ofPayments: true },
});

export const poolingLesson = eventLesson({
  ...sequencesBy('pooling'),
  ...{ trainer: 'pooling', details: false, measuredBy: 'sequence-halves', ofPayments: true },
  readBase: readPoolingBase,
});

export const colesLesson = eventLesson({
  ...sequencesBy('coles'),
  ...{ trainer: 'coles', details: true, measuredBy: 'sequence-halves', ofPayments: true },
});

export const elmoLesson = eventLesson({
  ...thingsBy('elmo'),
  ...{ trainer: 'elmo', details: true, measuredBy: 'next-item', ofPayments: true },
});

export const sasrecLesson = eventLesson({
  ...thingsBy('next'),
  ...{ trainer: 'sasrec', details: false, measuredBy: 'next-item', ofPayments: false },
});
