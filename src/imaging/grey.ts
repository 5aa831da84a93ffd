/** ITU-R BT.601 weights of red, green and blue in luminance. */
const LUMINANCE = [0.299, 0.587, 0.114] as const;

/** Samples of 1 (grey), 2 (grey and alpha), 3 or 4 channels (colour, and alpha) as grey; a colour is its luminance. */
export function toGrey(samples: Uint8Array | Uint16Array, channels: number): Uint8Array | Uint16Array {
  if (channels === 1) return samples;
  const pixels = samples.length / channels;
  const grey = samples instanceof Uint8Array ? new Uint8Array(pixels) : new Uint16Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    grey[pixel] = channels === 2 ? samples[2 * pixel]! : luminance(samples, channels * pixel);
  }
  return grey;
}

/** Luminance of the colour whose red stands at `offset`, rounded. */
export function luminance(values: ArrayLike<number>, offset: number): number {
  const [red = 0, green = 0, blue = 0] = [values[offset], values[offset + 1], values[offset + 2]];
  return Math.round(LUMINANCE[0] * red + LUMINANCE[1] * green + LUMINANCE[2] * blue);
}
