/** The remedy for a space that nobody answers for: commands that fill just this space, of trainers that tell what is next. */
import { lessons } from '../../src/services/learning/lessons';
import { howToFill } from '../../src/services/telling-next';
import { parseOptions, trainerNamed } from '../../src/training/trainers';

/** What a command at the terminal would train, and where its vectors would go. */
function commandsIn(remedy: string): { trainer: string; space: string }[] {
  return [...remedy.matchAll(/kindred train (\w+)((?: --set \w+=[\w.]+)*)(?: --space (\w+))? --promote/g)].map(
    ([, trainer, set, space]) => {
      const options = Object.fromEntries(
        [...set.matchAll(/--set (\w+)=([\w.]+)/g)].map(([, name, value]) => [name, value]),
      );
      return { trainer, space: space ?? lessons[trainer].space(parseOptions(trainerNamed(trainer), options)) };
    },
  );
}

describe('how to fill a space with what tells what comes next', () => {
  test('names every trainer that could, where no space was asked', () => {
    expect(commandsIn(howToFill())).toEqual([
      { trainer: 'sasrec', space: 'next_items' },
      { trainer: 'word2vec', space: 'items' },
      { trainer: 'elmo', space: 'elmo_items' },
    ]);
  });

  test.each([
    ['sasrec', 'next_items'],
    ['sasrec', 'next_merchants'],
    ['sasrec', 'next_action'],
    ['elmo', 'elmo_merchants'],
    ['elmo', 'elmo_items'],
    ['elmo', 'elmo_country'],
    ['word2vec', 'items'],
    ['word2vec', 'merchants'],
    ['word2vec', 'category'],
  ])('names %s for %s alone', (trainer, space) => {
    expect(commandsIn(howToFill(space))).toEqual([{ trainer, space }]);
  });

  test('leaves the name of an attribute open', () => {
    expect(howToFill('next_attributes_genre')).toContain('kindred train sasrec --set field=attributes.NAME --promote');
  });

  test('lets any of them fill a space that is nobody’s', () => {
    expect(commandsIn(howToFill('mine'))).toEqual(
      ['sasrec', 'elmo', 'word2vec'].map((trainer) => ({ trainer, space: 'mine' })),
    );
  });

  test('says so of a space whose models cannot tell', () => {
    const remedy = howToFill('doc2vec_users');
    expect(remedy).toContain('models of doc2vec, which do not tell what comes next');
    expect(commandsIn(remedy)).toEqual([{ trainer: 'sasrec', space: 'next_items' }]);
  });

  test('repeats no name that cannot be a space’s', () => {
    expect(howToFill('a; rm -rf /')).toBe(howToFill());
  });
});
