/** What is stored of an embedding: both tables, with the bias as the last coordinate of the output. */
import type { EmbeddingModel } from '../../training/trainer';
import type { Product } from './lesson';

export function embeddingProduct(model: EmbeddingModel): Product {
  const { ids, dimension, input, output, outputBias, frequencies, facts } = model;
  return {
    rows: { ids, dimension, input, frequencies, output: { vectors: output, bias: outputBias } },
    artifacts: {},
    facts,
  };
}
