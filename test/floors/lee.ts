/** The Lee background corpus (300 short news documents), as gensim's doc2vec tutorial reads it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type EventSequences, EventSequencesBuilder } from '../../src/training/sequence2vec/event-sequences';

/**
 * One sequence a document, its things the words of 2 to 15 letters in lower case.
 * @param folder of lee_corpus
 */
export function leeDocuments(folder: string): EventSequences {
  const builder = new EventSequencesBuilder();
  gunzipSync(readFileSync(join(folder, 'lee_background.cor.gz')))
    .toString('latin1')
    .trim()
    .split('\n')
    .forEach((line, document) => {
      const words = line.toLowerCase().match(/\p{L}+/gu) ?? [];
      words
        .filter(({ length }) => length >= 2 && length <= 15)
        .forEach((word, at) => {
          builder.add({ key: `document ${document}`, thing: word, occurredAt: at });
        });
    });
  return builder.build();
}
