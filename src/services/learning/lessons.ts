/** The lessons by trainer. To add a trainer: write its lesson beside these, and add it here. */
import { accountsLesson } from './accounts';
import type { Lesson } from './lesson';
import { usersLesson } from './users';
import { word2vecLesson } from './word2vec';

export const lessons: Readonly<Record<string, Lesson>> = Object.freeze({
  word2vec: word2vecLesson,
  node2vec: usersLesson,
  autoencoder: accountsLesson,
});
