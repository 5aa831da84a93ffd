import type { DicomAttributes } from './attributes.js';

/** Grey pixels: whole numbers as they are, anything else after rescaling as floats. */
export type PixelData = Uint16Array | Int16Array | Float32Array;

/** Samples as whole numbers, a view of the same memory. */
export function wordsOf(samples: Uint8Array, { bitsAllocated }: DicomAttributes): Uint8Array | Uint16Array {
  return bitsAllocated === 16 ? new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2) : samples;
}

/**
 * Clears the bits beside the stored ones, where films from before DICOM 2004 hold drawings; signs are extended above them. What is padding by
 * these bits stays so, all of it as one value.
 */
export function clearOtherBits(samples: Uint8Array, attributes: DicomAttributes): void {
  const { bitsStored, highBit, signed, padding } = attributes;
  const words = wordsOf(samples, attributes);
  const shift = highBit - bitsStored + 1;
  const unused = 32 - bitsStored;
  const isPadding = paddingBeyond(words, attributes);
  for (let index = 0; index < words.length; index++) {
    const bits = (words[index]! >> shift) << unused;
    words[index] = isPadding(index) ? padding!.value : (signed ? bits >> unused : bits >>> unused) << shift;
  }
}

/**
 * Whole stored numbers: the stored bits cut out of each little-endian sample, signs extended, MONOCHROME1 inverted.
 *
 * @param darkenPadding gives padding the least of the other values, which is black
 */
export function storedValues(
  samples: Uint8Array,
  attributes: DicomAttributes,
  darkenPadding = false,
): Int16Array | Uint16Array {
  const { bitsStored, highBit, signed, photometric } = attributes;
  const words = wordsOf(samples, attributes);
  const values = signed ? new Int16Array(words.length) : new Uint16Array(words.length);
  const shift = highBit - bitsStored + 1;
  const mask = 2 ** bitsStored - 1;
  const unused = 32 - bitsStored;
  const invert = photometric === 'MONOCHROME1';
  for (let index = 0; index < words.length; index++) {
    const bits = (words[index]! >> shift) & mask;
    const value = signed ? (bits << unused) >> unused : bits;
    // Lowest and highest stored number change places: unsigned mask - v, signed -1 - v.
    values[index] = !invert ? value : signed ? -1 - value : mask - value;
  }
  if (darkenPadding) darken(values, words, attributes);
  return values;
}

/** MONOCHROME1 has been inverted by now, and padding with it. */
function darken(values: Int16Array | Uint16Array, words: Uint8Array | Uint16Array, attributes: DicomAttributes): void {
  const { padding, photometric, signed, bitsStored } = attributes;
  if (!padding) return;
  const invert = (value: number) => (signed ? -1 - value : 2 ** bitsStored - 1 - value);
  const [low, high] =
    photometric === 'MONOCHROME1' ? [invert(padding.high), invert(padding.low)] : [padding.low, padding.high];
  const isBeyond = paddingBeyond(words, attributes);
  const isPadding = (index: number) => (values[index]! >= low && values[index]! <= high) || isBeyond(index);
  let least = Infinity;
  for (let index = 0; index < values.length; index++)
    if (values[index]! < least && !isPadding(index)) least = values[index]!;
  if (least === Infinity) return;
  for (let index = 0; index < values.length; index++) if (isPadding(index)) values[index] = least;
}

/** Whether a sample is padding by bits beside the stored ones: a value that the image itself cannot have, such as 65535 of 12 bits. */
function paddingBeyond(
  words: Uint8Array | Uint16Array,
  { padding, bitsAllocated, bitsStored, signed }: DicomAttributes,
): (index: number) => boolean {
  const [least, most] = signed ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1] : [0, 2 ** bitsStored - 1];
  if (!padding || bitsAllocated !== 16 || (padding.low >= least && padding.high <= most)) return () => false;
  const { low, high } = padding;
  return (index) => {
    const word = signed ? (words[index]! << 16) >> 16 : words[index]!;
    return word >= low && word <= high && (word < least || word > most);
  };
}

/** Values of the image for stored ones. */
export function rescale(values: Int16Array | Uint16Array, attributes: DicomAttributes): PixelData {
  const { rescaleSlope: slope, rescaleIntercept: intercept } = attributes;
  if (slope === 1 && intercept === 0) return values;
  const scaled = Float32Array.from(values, (value) => value * slope + intercept);
  let [low, high, whole] = [Infinity, -Infinity, true];
  for (const value of scaled) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    whole &&= Number.isInteger(value);
  }
  if (whole && low >= 0 && high <= 65535) return Uint16Array.from(scaled);
  if (whole && low >= -32768 && high <= 32767) return Int16Array.from(scaled);
  return scaled;
}
