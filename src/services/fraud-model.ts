/** A fraud model ready to score: the network, its calibration and threshold, and the options of its features. */
import type { FraudScore } from '../domain/fraud';
import { KindredError } from '../errors';
import { FEATURE_DESCRIPTIONS, FEATURE_NAMES } from '../features/columns';
import { type FeatureOptions, parseFeatureOptions } from '../features/options';
import type { AutoencoderModel } from '../training/autoencoder/model';
import { readAutoencoder, writeAutoencoder } from '../training/autoencoder/model-file';
import { AutoencoderScorer } from '../training/autoencoder/scorer';

export const ACCOUNTS_SPACE = 'accounts';
const NETWORK = 'autoencoder';
const FEATURES = 'features.json';
/** Reasons kept with a score. */
const MAX_REASONS = 10;

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
    const model = readAutoencoder(network);
    if (model.columns.join() !== FEATURE_NAMES.join()) throw unfit(id, 'it was trained on other features');
    const options = parseFeatureOptions(JSON.parse(Buffer.from(features).toString()));
    return new FraudModel(id, options, await AutoencoderScorer.load(model));
  }

  /** @param values (transactionIds.length, features), row-major */
  async score(transactionIds: readonly string[], values: Float32Array): Promise<FraudScore[]> {
    if (transactionIds.length === 0) return [];
    const scores = await this.scorer.score(values);
    return transactionIds.map((transactionId, row) => ({
      transactionId,
      modelId: this.id,
      value: scores.values[row],
      decision: scores.isAlert(row) ? 'REVIEW' : 'ALLOW',
      threshold: this.scorer.model.threshold.value,
      reconstructionError: scores.errors[row],
      reasons: scores
        .reasons(row, MAX_REASONS)
        .map((reason) => ({ ...reason, description: FEATURE_DESCRIPTIONS[reason.feature] })),
    }));
  }

  close(): Promise<void> {
    return this.scorer.close();
  }
}

function unfit(id: string, why: string): KindredError {
  return new KindredError('MODEL_CORRUPT', `Model "${id}" cannot score transactions: ${why}.`, {
    remedy: 'Train the autoencoder again, and promote the new version.',
    facts: { modelId: id },
  });
}
