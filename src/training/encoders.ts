/**
 * What turns sequences and texts that came after training into vectors of a trained model's space, by trainer. An encoder
 * is opened from a model's artifacts alone. To add one: export a `Loader` beside the trainer and add it to `LOADERS`.
 */
import { KindredError } from '../errors';
import type { Artifacts, Encoder, Loader } from './encoder';
import { loadEncoder as loadColes } from './sequence2vec/coles/encoder';
import { loadEncoder as loadDoc2Vec } from './sequence2vec/doc2vec/encoder';
import { loadEncoder as loadElmo } from './sequence2vec/elmo/encoder';
import { loadEncoder as loadFastText } from './sequence2vec/fasttext/encoder';
import { loadEncoder as loadPooling } from './sequence2vec/pooling/encoder';
import { loadEncoder as loadSasrec } from './sequence2vec/sasrec/encoder';

export type { Artifacts, Encoder, Loader } from './encoder';

const LOADERS: Readonly<Record<string, Loader>> = Object.freeze({
  coles: loadColes,
  doc2vec: loadDoc2Vec,
  elmo: loadElmo,
  fasttext: loadFastText,
  pooling: loadPooling,
  sasrec: loadSasrec,
});

/** @throws KindredError BAD_USER_INPUT where the trainer makes no encoders */
export async function openEncoder(trainer: string, artifacts: Artifacts): Promise<Encoder> {
  if (!Object.hasOwn(LOADERS, trainer))
    throw new KindredError('BAD_USER_INPUT', `Models of ${trainer} make no vectors for what came after training.`, {
      remedy: `Train one of: ${Object.keys(LOADERS).join(', ')}.`,
    });
  return LOADERS[trainer](artifacts);
}
