/** The Brown corpus as documents: its 500 samples of some 2,000 words each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type EventSequences, EventSequencesBuilder } from '../src/training/sequence2vec/event-sequences';

/** @param folder of text_brown */
export function brownDocuments(folder: string): EventSequences {
  const [, ...lines] = gunzipSync(readFileSync(join(folder, 'brown.tsv.gz')))
    .toString()
    .trimEnd()
    .split('\n');
  const builder = new EventSequencesBuilder();
  lines.forEach((line, at) => {
    const [sample, , sentence] = line.split('\t');
    for (const word of sentence.toLowerCase().split(' ')) {
      if (/[\p{L}\p{N}]/u.test(word)) builder.add({ key: sample, thing: word, occurredAt: at });
    }
  });
  return builder.build();
}
