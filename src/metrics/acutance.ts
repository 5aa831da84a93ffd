import FFT from 'fft.js';
import { assertComparable, type GreyImage } from './image.js';

interface AcutanceOptions {
  /** Pixels that the viewer sees per degree; default 60: one pixel per minute of arc, the limit of normal sight. */
  readonly pixelsPerDegree?: number;
}

/**
 * Texture acutance of a generated image against the real one: how much of the real image's detail it shows, weighted by how well
 * the eye sees it. 1 is as sharp as the real one, less is blurred, more is over-sharpened or noisy.
 *
 * The modulation transfer function is the root of the ratio of the two radially averaged power spectra, as for a texture
 * target (IEEE 1858, CPIQ, texture acutance), after removing the mean and a Hann window; the weight is CPIQ's contrast
 * sensitivity function v^0.8 exp(-0.2 v), v in cycles per degree. A blur lowers it; a shift leaves it.
 *
 * @throws RangeError unless both images are square, of one size, with a side that is a power of two
 * @returns NaN when the real image is constant
 */
export function acutance(
  real: GreyImage,
  generated: GreyImage,
  { pixelsPerDegree = 60 }: AcutanceOptions = {},
): number {
  assertComparable(real, generated);
  const { rows: side, columns } = real;
  if (side !== columns || side < 4 || (side & (side - 1)) !== 0) {
    throw new RangeError(
      `Acutance needs square images whose side is a power of two (such as 256 x 256), not ${columns} x ${side}.`,
    );
  }
  const target = radialPower(real);
  const shown = radialPower(generated);
  let seen = 0;
  let total = 0;
  for (let frequency = 1; frequency <= side / 2; frequency++) {
    const cycles = (frequency / side) * pixelsPerDegree;
    const sensitivity = cycles ** 0.8 * Math.exp(-0.2 * cycles);
    seen += sensitivity * Math.sqrt(shown[frequency]! / target[frequency]!);
    total += sensitivity;
  }
  return seen / total;
}

/** Mean power of the frequencies whose distance from zero rounds to 0, 1, ..., side / 2 cycles per image. */
function radialPower(image: GreyImage): Float64Array {
  const side = image.rows;
  const power = powerSpectrum(image);
  const sums = new Float64Array(side / 2 + 1);
  const counts = new Float64Array(side / 2 + 1);
  const signed = (index: number): number => (index <= side / 2 ? index : index - side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const radius = Math.round(Math.hypot(signed(row), signed(column)));
      if (radius > side / 2) continue;
      sums[radius]! += power[row * side + column]!;
      counts[radius]!++;
    }
  }
  return sums.map((sum, radius) => sum / counts[radius]!);
}

/** Squared magnitudes of the Fourier transform, without the mean, under a Hann window. */
function powerSpectrum({ rows: side, data }: GreyImage): Float64Array {
  let sum = 0;
  for (const value of data) sum += value;
  const mean = sum / data.length;
  const hann = Float64Array.from({ length: side }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / side));
  const fft = new FFT(side);
  const spectra: number[][] = [];
  for (let row = 0; row < side; row++) {
    const line = Array.from({ length: side }, (_, at) => (data[row * side + at]! - mean) * hann[row]! * hann[at]!);
    const spectrum = fft.createComplexArray();
    fft.realTransform(spectrum, line);
    fft.completeSpectrum(spectrum);
    spectra.push(spectrum);
  }
  const power = new Float64Array(side * side);
  for (let column = 0; column < side; column++) {
    const line = fft.createComplexArray();
    spectra.forEach((spectrum, row) => {
      line[2 * row] = spectrum[2 * column]!;
      line[2 * row + 1] = spectrum[2 * column + 1]!;
    });
    const spectrum = fft.createComplexArray();
    fft.transform(spectrum, line);
    for (let row = 0; row < side; row++) {
      power[row * side + column] = spectrum[2 * row]! ** 2 + spectrum[2 * row + 1]! ** 2;
    }
  }
  return power;
}
