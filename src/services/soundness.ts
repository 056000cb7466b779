/** What the registry refuses to store: a model that nobody could use. */
import { KindredError } from '../errors';
import type { NewModel } from '../stores/models';

/** Whoever asks a model for vectors holds its artifacts in memory; one beyond this is no part of a service. */
export const MAX_ARTIFACT_BYTES = 1_000_000_000;
/** pgvector's limit for a column, with the bias and the rest beside an output. */
export const MAX_DIMENSION = 15_998;

/** @throws KindredError TRAINING_FAILED for vectors that are not finite; MODEL_TOO_LARGE for what the store cannot hold */
export function refuseUnsound({
  trainer,
  space,
  rows,
  artifacts,
}: Pick<NewModel, 'trainer' | 'space' | 'rows' | 'artifacts'>): void {
  const { ids, dimension, input, output } = rows;
  if (dimension > MAX_DIMENSION)
    throw tooLarge(`Vectors of ${trainer} have ${dimension} dimensions; the store holds up to ${MAX_DIMENSION}.`);
  for (const [name, content] of Object.entries(artifacts))
    if (content.byteLength > MAX_ARTIFACT_BYTES)
      throw tooLarge(
        `The artifact "${name}" of ${trainer} has ${content.byteLength} bytes; the store holds up to ${MAX_ARTIFACT_BYTES}.`,
      );
  const tables = { vector: input, ...(output && { 'output vector': output.vectors, bias: output.bias }) };
  for (const [what, values] of Object.entries(tables)) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    const id = ids[Math.floor(at / (what === 'bias' ? 1 : dimension))];
    throw new KindredError('TRAINING_FAILED', `The model is not sound: the ${what} of "${id}" is not finite.`, {
      remedy: 'Lower learningRate, or look for values in the data that are out of all proportion; nothing was stored.',
      facts: { trainer, space, id },
    });
  }
}

function tooLarge(message: string): KindredError {
  return new KindredError('MODEL_TOO_LARGE', message, {
    remedy: 'Lower dimension, or leave rare things out with minCount; with fasttext, lower buckets.',
  });
}
