import { sobel } from './filters.js';
import { assertComparable, type GreyImage } from './image.js';

const { abs, hypot } = Math;

/** Absolute difference of two images' Sobel magnitudes: the error pictures of the paper's Table II. */
export function sobelDifference(real: GreyImage, generated: GreyImage): GreyImage {
  assertComparable(real, generated);
  const other = sobelMagnitude(generated).data;
  const magnitude = sobelMagnitude(real);
  return { ...magnitude, data: magnitude.data.map((value, index) => abs(value - other[index]!)) };
}

/** Gradient magnitude by Sobel weights divided by 4, so that a step of height 1 gives 1 (up to sqrt 2 on corners). */
function sobelMagnitude(image: GreyImage): GreyImage {
  const { down, right } = sobel(image);
  return { ...image, data: down.map((value, index) => hypot(value, right[index]!) / 4) };
}
