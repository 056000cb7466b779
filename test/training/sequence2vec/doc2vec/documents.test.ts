/** Sequences as the kernel of bags reads them. */
import { LONGEST_PIECE, readDocuments } from '../../../../src/training/sequence2vec/doc2vec/documents';
import { EventSequencesBuilder } from '../../../../src/training/sequence2vec/event-sequences';

describe('documents', () => {
  test('open with the number of the sequence and end with -1, things by falling frequency', () => {
    const builder = new EventSequencesBuilder();
    for (const [key, things] of [
      ['a', 'zyz'],
      ['b', 'q'],
      ['c', 'yz'],
    ]) {
      [...things].forEach((thing, at) => {
        builder.add({ key, thing, occurredAt: at });
      });
    }
    const documents = readDocuments(builder.build(), 2);
    expect(documents.ids).toEqual(['z', 'y']);
    expect([...documents.tokens]).toEqual([-2, 0, 1, 0, -1, -3, 1, 0, -1]);
    expect(documents).toMatchObject({ keys: ['a', 'c'], tokenCount: 5, longestSequence: 3 });
  });

  test('cut a very long sequence into pieces, each opened anew', () => {
    const builder = new EventSequencesBuilder();
    for (let at = 0; at < LONGEST_PIECE + 3; at++) builder.add({ key: 'long', thing: `${at % 2}`, occurredAt: at });
    builder.add({ key: 'short', thing: '0', occurredAt: 0 });
    const { tokens, lengths } = readDocuments(builder.build(), 1);
    expect([...lengths]).toEqual([LONGEST_PIECE + 3, 1]);
    expect([...tokens.filter((token) => token < 0)]).toEqual([-2, -1, -2, -1, -3, -1]);
    expect([...tokens.subarray(LONGEST_PIECE + 1, LONGEST_PIECE + 4)]).toEqual([-1, -2, 0]);
  });
});
