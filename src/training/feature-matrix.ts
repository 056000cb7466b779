/** What the autoencoder learns from: one row of features a transaction. */
export interface FeatureMatrix {
  /** One name a column. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** (rows, columns.length), row-major, in the features' own units: scaling is part of the model. */
  readonly values: Float32Array;
  /** Mean rows a day of the traffic that the rows come from, where known; a budget of alerts a day needs it. */
  readonly rowsPerDay?: number;
}
