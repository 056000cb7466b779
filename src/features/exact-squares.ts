/**
 * Sums of squares of whole numbers without rounding, so that taking a square out again leaves no trace and the sum is the
 * same whatever was in it before. A square of a 48-bit number needs 96 bits: the sum is kept as high x 2^48 + low.
 */

const HALF = 2 ** 24;
const LIMB = 2 ** 48;

/** Numbers up to this size can be squared here. */
export const LARGEST = LIMB - 1;

export class ExactSquares {
  /** Each limb is a whole number below 2^53 in size, exact while the sum stays below 2^100. */
  private high = 0;
  private low = 0;

  /** The sum in two limbs, which no two sums share: as `ExactSquares.of` takes it back. */
  get limbs(): readonly [high: number, low: number] {
    return [this.high, this.low];
  }

  static of(high: number, low: number): ExactSquares {
    const squares = new ExactSquares();
    squares.high = high;
    squares.low = low;
    return squares;
  }

  add(value: number): void {
    this.change(value, 1);
  }

  remove(value: number): void {
    this.change(value, -1);
  }

  /** The sum, rounded once. */
  get total(): number {
    return this.high * LIMB + this.low;
  }

  /** This sum less another one, rounded once: as a sum of only the squares between them would be. */
  since(high: number, low: number): number {
    const below = this.low < low ? 1 : 0;
    return (this.high - high - below) * LIMB + (this.low + below * LIMB - low);
  }

  private change(value: number, sign: 1 | -1): void {
    const size = Math.abs(value);
    const upper = Math.floor(size / HALF);
    const lower = size - upper * HALF;
    // size² = upper² 2^48 + 2 upper lower 2^24 + lower²; the middle term straddles the limbs.
    const middle = 2 * upper * lower;
    const middleHigh = Math.floor(middle / HALF);
    const low = this.low + sign * ((middle - middleHigh * HALF) * HALF + lower * lower);
    const carry = Math.floor(low / LIMB);
    this.low = low - carry * LIMB;
    this.high += sign * (upper * upper + middleHigh) + carry;
  }
}
