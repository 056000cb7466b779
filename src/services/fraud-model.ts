/** A fraud model ready to score: the network, its calibration and threshold, and the options of its features. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Decision, FraudReason, FraudScore } from '../domain/fraud';
import { KindredError } from '../errors';
import { FEATURE_DESCRIPTIONS, FEATURE_NAMES } from '../features/columns';
import { type FeatureOptions, parseFeatureOptions } from '../features/options';
import type { AutoencoderModel } from '../training/autoencoder/model';
import { readAutoencoder, writeAutoencoder } from '../training/autoencoder/model-file';
import { AutoencoderScorer, type Scores } from '../training/autoencoder/scorer';

export const ACCOUNTS_SPACE = 'accounts';
const NETWORK = 'autoencoder';
const FEATURES = 'features.json';
/**
 * Reasons given with a score. An analyst who reviews a payment sees the ten that an answer may list; a payment that is let
 * through, as nearly all are, has the five that answers list unasked: reasons are two thirds of what a score takes to store and
 * to send.
 */
const REASONS: Readonly<Record<Decision, number>> = { REVIEW: 10, ALLOW: 5 };
/** Rows that go through the network in one turn of the thread: other work of the process waits for no more of them. */
const ROWS_A_TURN = 512;

export function fraudArtifacts(model: AutoencoderModel, options: FeatureOptions): Record<string, Uint8Array> {
  return { [NETWORK]: writeAutoencoder(model), [FEATURES]: Buffer.from(JSON.stringify(options)) };
}

export class FraudModel {
  private constructor(
    readonly id: string,
    readonly features: FeatureOptions,
    private readonly scorer: AutoencoderScorer,
  ) {}

  /** @throws KindredError MODEL_CORRUPT when it cannot score this Kindred's features */
  static async load(id: string, artifacts: Readonly<Record<string, Uint8Array>>): Promise<FraudModel> {
    const { [NETWORK]: network, [FEATURES]: features } = artifacts;
    if (!network || !features) throw unfit(id, 'its network or the options of its features are missing');
    try {
      const model = readAutoencoder(network);
      if (model.columns.join() !== FEATURE_NAMES.join()) throw unfit(id, 'it was trained on other features');
      const options = parseFeatureOptions(JSON.parse(Buffer.from(features).toString()));
      return new FraudModel(id, options, await AutoencoderScorer.load(model));
    } catch (error) {
      if (error instanceof KindredError && error.code === 'MODEL_CORRUPT') throw error;
      throw unfit(id, (error as Error).message, error);
    }
  }

  /** @param values (transactionIds.length, features), row-major */
  async score(transactionIds: readonly string[], values: Float32Array): Promise<FraudScore[]> {
    const scored: FraudScore[] = [];
    for (let start = 0; start < transactionIds.length; start += ROWS_A_TURN) {
      if (start > 0) await nextTurn();
      const ids = transactionIds.slice(start, start + ROWS_A_TURN);
      const rows = values.subarray(start * FEATURE_NAMES.length, (start + ids.length) * FEATURE_NAMES.length);
      scored.push(...this.explained(ids, await this.scorer.score(rows)));
    }
    return scored;
  }

  private explained(transactionIds: readonly string[], scores: Scores): FraudScore[] {
    const threshold = this.scorer.model.threshold.value;
    return transactionIds.map((transactionId, row) => {
      if (!Number.isFinite(scores.errors[row])) throw unfit(this.id, 'its network answers with what is not a number');
      const decision: Decision = scores.isAlert(row) ? 'REVIEW' : 'ALLOW';
      return {
        transactionId,
        modelId: this.id,
        value: scores.values[row],
        decision,
        threshold,
        reconstructionError: scores.errors[row],
        reasons: scores.reasons(row, REASONS[decision]).map(
          ({ feature, observed, expected, share }): FraudReason => ({
            feature,
            description: FEATURE_DESCRIPTIONS[feature],
            observed: sevenDigits(observed),
            expected: sevenDigits(expected),
            share: sevenDigits(share),
          }),
        ),
      };
    });
  }

  close(): Promise<void> {
    return this.scorer.close();
  }
}

/**
 * As many digits as a 32-bit float has, which is all that a feature or a network's answer says: in full, the numbers of reasons would
 * be half of what is stored and sent of a score.
 */
function sevenDigits(value: number): number {
  if (value === 0) return 0;
  const scale = 10 ** (6 - Math.floor(Math.log10(Math.abs(value))));
  // Beyond the range of doubles there is nothing to shorten.
  return Number.isFinite(scale) ? Math.round(value * scale) / scale : value;
}

function unfit(id: string, why: string, cause?: unknown): KindredError {
  return new KindredError('MODEL_CORRUPT', `Model "${id}" cannot score transactions: ${why}.`, {
    remedy: 'Train the autoencoder again, and promote the new version.',
    facts: { modelId: id },
    cause,
  });
}
