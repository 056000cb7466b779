/** Names as people misspell them, the same each time for the same seed: one edit of one letter. */
import type { Random } from '../../src/training/kernels/random';

const EDITS = ['swap', 'drop', 'double', 'replace'] as const;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Names with fewer letters are too short to misspell and still be meant. */
export const LEAST_LETTERS = 5;

export function letterCount(name: string): number {
  return name.match(/\p{L}/gu)?.length ?? 0;
}

/**
 * One letter of the name, drawn, is swapped with the next letter, dropped, doubled or replaced by another; which of these
 * is drawn too. The result always differs from the name.
 */
export function misspell(name: string, random: Random): string {
  const characters = [...name];
  const letters = [...characters.keys()].filter((at) => /\p{L}/u.test(characters[at]));
  for (;;) {
    const at = letters[random.below(letters.length)];
    const edited = characters.slice();
    switch (EDITS[random.below(EDITS.length)]) {
      case 'swap':
        if (!letters.includes(at + 1)) continue;
        [edited[at], edited[at + 1]] = [edited[at + 1], edited[at]];
        break;
      case 'drop':
        edited.splice(at, 1);
        break;
      case 'double':
        edited.splice(at, 0, edited[at]);
        break;
      case 'replace':
        edited[at] = LETTERS[random.below(LETTERS.length)];
        break;
    }
    const misspelt = edited.join('');
    if (misspelt.toLowerCase() !== name.toLowerCase()) return misspelt;
  }
}
