/** The lessons by trainer. To add a trainer: write its lesson beside these, and add it here. */
import { accountsLesson } from './accounts';
import { itemsLesson } from './items';
import type { Lesson } from './lesson';
import { usersLesson } from './users';

export const lessons: Readonly<Record<string, Lesson>> = Object.freeze({
  word2vec: itemsLesson,
  node2vec: usersLesson,
  autoencoder: accountsLesson,
});
