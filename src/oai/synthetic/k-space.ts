import FFT from 'fft.js';

/** What a scanner keeps of an image: the middle of its k-space, as an image of fewer pixels over the same field of view. */
export interface KeptImage {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/**
 * Takes square images of `fine` pixels a side (a power of 2) with the `size` x `size` frequencies in the middle alone: resolution ends there, and edges ring.
 *
 * @param size even, at most `fine`, and a power of 2 times a small odd number
 */
export function truncator(fine: number, size: number): (image: Float32Array) => KeptImage {
  const cut = lineCutter(fine, size);
  return (image) => {
    // Along rows, transposed on the way; then the same along what were columns.
    const half = { real: new Float64Array(size * fine), imaginary: new Float64Array(size * fine) };
    const none = new Float64Array(fine);
    for (let row = 0; row < fine; row++) {
      cut(image.subarray(row * fine, (row + 1) * fine), none, half, row, fine);
    }
    const kept = { real: new Float64Array(size * size), imaginary: new Float64Array(size * size) };
    for (let column = 0; column < size; column++) {
      const line = [column * fine, (column + 1) * fine] as const;
      cut(half.real.subarray(...line), half.imaginary.subarray(...line), kept, column, size);
    }
    return kept;
  };
}

type Line = Float32Array | Float64Array;

/** Takes one line with its lowest frequencies alone, and writes its pixels to `first`, `first + step`, ... of an image. */
function lineCutter(fine: number, size: number) {
  const forward = new FFT(fine);
  const [line, spectrum] = [forward.createComplexArray(), forward.createComplexArray()];
  // A length that is no power of 2: an inverse transform of every `parts`-th frequency, put together.
  const parts = oddPart(size);
  const inverse = new FFT(size / parts);
  const [some, found] = [inverse.createComplexArray(), inverse.createComplexArray()];
  const turns = Array.from({ length: size }, (_, step) => turn(step / size));
  // Pixels of both sizes have their centres, not their corners, where they are: half a pixel of each lies between them.
  const ramp = Array.from({ length: size }, (_, place) => turn((signed(place) * (fine / size - 1)) / (2 * fine)));

  function signed(place: number): number {
    return place < size / 2 ? place : place - size;
  }

  return (
    real: Line,
    imaginary: Line,
    image: { real: Float64Array; imaginary: Float64Array },
    first: number,
    step: number,
  ) => {
    for (let at = 0; at < fine; at++) {
      line[2 * at] = real[at]!;
      line[2 * at + 1] = imaginary[at]!;
    }
    forward.transform(spectrum, line);
    for (let part = 0; part < parts; part++) {
      for (let place = part, at = 0; place < size; place += parts, at += 2) {
        const from = 2 * ((signed(place) + fine) % fine);
        const [c, s] = ramp[place]!;
        some[at] = spectrum[from]! * c - spectrum[from + 1]! * s;
        some[at + 1] = spectrum[from]! * s + spectrum[from + 1]! * c;
      }
      inverse.inverseTransform(found, some);
      for (let pixel = 0; pixel < size; pixel++) {
        const at = 2 * (pixel % (size / parts));
        const [c, s] = turns[(part * pixel) % size]!;
        const [re, im] = [found[at]! / (fine / (size / parts)), found[at + 1]! / (fine / (size / parts))];
        image.real[first + pixel * step]! += re * c - im * s;
        image.imaginary[first + pixel * step]! += re * s + im * c;
      }
    }
  };
}

function oddPart(size: number): number {
  let odd = size;
  while (odd % 2 === 0) odd /= 2;
  return odd;
}

/** Cosine and sine of a share of a whole turn. */
function turn(share: number): [number, number] {
  return [Math.cos(2 * Math.PI * share), Math.sin(2 * Math.PI * share)];
}
