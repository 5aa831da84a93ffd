import { assertComparable, type GreyImage } from './image.js';
import { wangParts } from './ssim.js';

/** Exponents of the five scales, finest first (Wang, Simoncelli, Bovik 2003, section 3.2). */
const WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/** What leaves 11 pixels, one window, after four halvings. */
const MIN_SIDE = 10 * 2 ** (WEIGHTS.length - 1) + 1;

/**
 * Multi-scale structural similarity for a data range of 1, in [0, 1] (Wang, Simoncelli, Bovik 2003): contrast and structure on
 * five scales, luminance on the coarsest, Gaussian windows of sigma 1.5 inside the image, the scales made by the mean of 2 x 2
 * pixels. Negative scales count as 0. Equals the PyTorch package pytorch-msssim, which pads an odd side with zeros.
 *
 * @throws RangeError for images that cannot be compared or have a side below 161 pixels
 */
export function multiScaleSsim(real: GreyImage, generated: GreyImage): number {
  assertComparable(real, generated);
  const side = Math.min(real.rows, real.columns);
  if (side < MIN_SIDE) {
    throw new RangeError(
      `Multi-scale SSIM needs at least ${MIN_SIDE} x ${MIN_SIDE} pixels, not ${real.columns} x ${real.rows}.`,
    );
  }
  let [a, b] = [real, generated];
  let product = 1;
  WEIGHTS.forEach((weight, scale) => {
    if (scale > 0) [a, b] = [halved(a), halved(b)];
    const { ssim, contrastStructure } = wangParts(a, b);
    const part = scale === WEIGHTS.length - 1 ? ssim : contrastStructure;
    product *= Math.max(part, 0) ** weight;
  });
  return product;
}

/** Means of 2 x 2 pixels; an odd side gets a line of zeros on both rims, of which the last may go. */
function halved({ rows, columns, data }: GreyImage): GreyImage {
  const [top, left] = [rows % 2, columns % 2];
  const half = { rows: Math.floor((rows + 2 * top) / 2), columns: Math.floor((columns + 2 * left) / 2) };
  const means = new Float64Array(half.rows * half.columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const target = ((row + top) >> 1) * half.columns + ((column + left) >> 1);
      means[target]! += data[row * columns + column]! / 4;
    }
  }
  return { ...half, data: means };
}
