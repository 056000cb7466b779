/** What is stored of a model: its tables, with the bias as the last coordinate of the output, and its artifacts. */
import type { EmbeddingModel, SequenceModel } from '../../training/trainer';
import type { Product } from './lesson';

export function embeddingProduct(model: EmbeddingModel): Product {
  return sequenceProduct({ ...model, artifacts: {} });
}

/** @param more facts beside the trainer's own */
export function sequenceProduct(model: SequenceModel, more: Product['facts'] = {}): Product {
  const { ids, dimension, input, output, outputBias, frequencies, artifacts, facts } = model;
  return {
    rows: {
      ids,
      dimension,
      input,
      frequencies,
      ...(output && { output: { vectors: output, bias: outputBias ?? new Float32Array(ids.length) } }),
    },
    artifacts,
    facts: { ...facts, ...more },
  };
}
