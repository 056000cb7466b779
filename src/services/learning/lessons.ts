/** The lessons by trainer. To add a trainer: write its lesson beside these, and add it here. */
import { accountsLesson } from './accounts';
import { colesLesson, doc2vecLesson, elmoLesson, poolingLesson, sasrecLesson } from './event-trainers';
import { fasttextLesson } from './fasttext';
import type { Lesson } from './lesson';
import { usersLesson } from './users';
import { word2vecLesson } from './word2vec';

export const lessons: Readonly<Record<string, Lesson>> = Object.freeze({
  word2vec: word2vecLesson,
  doc2vec: doc2vecLesson,
  fasttext: fasttextLesson,
  pooling: poolingLesson,
  elmo: elmoLesson,
  coles: colesLesson,
  sasrec: sasrecLesson,
  node2vec: usersLesson,
  autoencoder: accountsLesson,
});
