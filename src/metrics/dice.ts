import type { Mask } from './image.js';

/**
 * Dice coefficient of two masks of one image, 2 |A and B| / (|A| + |B|), in [0, 1] (Dice 1945); NaN when both are empty: there is
 * nothing to agree on.
 *
 * @throws RangeError for masks of different sizes
 */
export function dice(a: Mask, b: Mask): number {
  if (a.length !== b.length) {
    throw new RangeError(`Masks of ${a.length} and ${b.length} pixels cannot be compared; their sizes must be equal.`);
  }
  let both = 0;
  let marked = 0;
  for (let index = 0; index < a.length; index++) {
    const inA = a[index] !== 0 ? 1 : 0;
    const inB = b[index] !== 0 ? 1 : 0;
    both += inA & inB;
    marked += inA + inB;
  }
  return (2 * both) / marked;
}
