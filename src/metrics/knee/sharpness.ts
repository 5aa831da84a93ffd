import { assertComparable, type GreyImage } from '../image.js';

/**
 * How sharp a generated slice is beside the real one: the ratio of their mean gradient magnitudes. 1 is as sharp, a blur of 2 px of an
 * MRI slice about 0.4; noise raises it above 1, so it is read beside edge F1.
 *
 * @returns null for a real slice without any gradient
 * @throws RangeError for images of different sizes, or with a side of one pixel
 */
export function sharpnessRatio(real: GreyImage, generated: GreyImage): number | null {
  assertComparable(real, generated);
  if (real.rows < 2 || real.columns < 2) throw new RangeError('Sharpness needs images of at least 2 x 2 pixels.');
  const detail = meanGradient(real);
  return detail === 0 ? null : meanGradient(generated) / detail;
}

/** Mean magnitude of numpy.gradient: central differences inside, one-sided ones at the edges. */
function meanGradient({ rows, columns, data }: GreyImage): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const down = difference(data, row * columns + column, row, rows, columns);
      const right = difference(data, row * columns + column, column, columns, 1);
      sum += Math.hypot(down, right);
    }
  }
  return sum / data.length;
}

function difference(data: GreyImage['data'], index: number, place: number, length: number, step: number): number {
  if (place === 0) return data[index + step]! - data[index]!;
  if (place === length - 1) return data[index]! - data[index - step]!;
  return (data[index + step]! - data[index - step]!) / 2;
}
