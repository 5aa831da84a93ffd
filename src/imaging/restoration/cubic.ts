import type { Raster } from '../radiograph/resample.js';

const { abs, ceil, floor, max, min } = Math;

/** Keys' cubic kernels by their parameter: -0.75 for enlarging and -0.5 for reducing, as PyTorch's `interpolate` has them. */
const SHARP = -0.75;
const SOFT = -0.5;

/** An image with more pixels by cubic convolution (Keys 1981), as `interpolate(mode='bicubic', align_corners=False)` gives it. */
export function enlarge(image: Raster, rows: number, columns: number): Raster {
  return convolve(image, weights(image.rows, rows, SHARP, 1), weights(image.columns, columns, SHARP, 1));
}

/** An image with fewer pixels by a cubic kernel as wide as the new pixels, as `interpolate(mode='bicubic', antialias=True)` gives it. */
export function reduce(image: Raster, rows: number, columns: number): Raster {
  const widened = (from: number, to: number) => weights(from, to, SOFT, max(1, from / to), true);
  return convolve(image, widened(image.rows, rows), widened(image.columns, columns));
}

/** The pixels that make up one new pixel; their shares sum to 1. */
interface Mix {
  pixels: number[];
  shares: number[];
}

/** @param inside leaves out what lies beyond the image; otherwise its first and last pixels go on */
function weights(length: number, count: number, sharpness: number, width: number, inside = false): Mix[] {
  return Array.from({ length: count }, (_, index) => {
    const middle = ((index + 0.5) * length) / count - 0.5;
    const pixels: number[] = [];
    const shares: number[] = [];
    for (let pixel = floor(middle - 2 * width) + 1; pixel <= ceil(middle + 2 * width) - 1; pixel++) {
      if (inside && (pixel < 0 || pixel >= length)) continue;
      pixels.push(min(max(pixel, 0), length - 1));
      shares.push(kernel(abs(pixel - middle) / width, sharpness));
    }
    const sum = shares.reduce((total, share) => total + share, 0);
    return { pixels, shares: shares.map((share) => share / sum) };
  });
}

function kernel(x: number, a: number): number {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

function convolve(image: Raster, down: readonly Mix[], across: readonly Mix[]): Raster {
  const narrow = new Float32Array(image.rows * across.length);
  for (let row = 0; row < image.rows; row++) {
    across.forEach(({ pixels, shares }, column) => {
      let sum = 0;
      for (let step = 0; step < pixels.length; step++)
        sum += shares[step]! * image.data[row * image.columns + pixels[step]!]!;
      narrow[row * across.length + column] = sum;
    });
  }
  const data = new Float32Array(down.length * across.length);
  down.forEach(({ pixels, shares }, row) => {
    for (let step = 0; step < pixels.length; step++) {
      const [line, share] = [pixels[step]! * across.length, shares[step]!];
      for (let column = 0; column < across.length; column++)
        data[row * across.length + column]! += share * narrow[line + column]!;
    }
  });
  return { rows: down.length, columns: across.length, data };
}
