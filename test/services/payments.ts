/** Payments in order of time, drawn by a small generator: the same for the same seed. Some amounts are far out of line. */
import type { Transaction } from '../../src/domain/events';
import { Random } from '../../src/training/kernels/random';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

export function payments(count: number, seed = 7): Transaction[] {
  const random = Random.seeded(seed);
  return Array.from({ length: count }, (_, row) => ({
    transactionId: `p${seed}-${row}`,
    accountId: `account${random.below(40)}`,
    merchantId: `merchant${random.below(25)}`,
    amount: (random.below(row % 97 === 0 ? 900_000 : 9_000) + 100) / 100,
    currency: 'EUR',
    // Several share an instant now and then.
    occurredAt: new Date(START + Math.floor(row / 2) * 17 * MINUTE + (row % 2) * random.below(2) * MINUTE),
  }));
}
