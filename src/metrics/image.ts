/**
 * A grey image in C order (row after row, superior row first). Metrics take values in [0, 1] with a data range of 1 and
 * compute in float64.
 */
export interface GreyImage {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array | Float64Array;
}

/** Slices of one shape, one after the other in C order; values as in {@link GreyImage}. */
export interface GreyVolume {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array | Float64Array;
}

/** One number per pixel (or voxel), in the order of the image; not zero means that it counts. */
export type Mask = Uint8Array;

/**
 * Stored whole numbers as an image with values in [0, 1].
 *
 * @param pixels 8- or 16-bit
 * @param dataRange largest value the pixels could have; default 255 for 8-bit, 65535 for 16-bit (4095 is common in DICOM)
 * @throws RangeError for another number of pixels, or a pixel above the range
 */
export function greyImage(
  pixels: Uint8Array | Uint16Array,
  { rows, columns }: { rows: number; columns: number },
  dataRange = 2 ** (8 * pixels.BYTES_PER_ELEMENT) - 1,
): GreyImage {
  const above = pixels.find((value) => value > dataRange);
  if (above !== undefined) throw new RangeError(`A pixel is ${above}; the data range says at most ${dataRange}.`);
  const image = { rows, columns, data: Float64Array.from(pixels, (value) => value / dataRange) };
  assertImage(image);
  return image;
}

/**
 * The rectangle of an image that a region covers, as a mask: rows `top` to `bottom` and columns `left` to `right`, the last ones
 * excluded.
 *
 * @throws RangeError when it does not lie inside the image
 */
export function regionMask(
  { rows, columns }: { rows: number; columns: number },
  { top, bottom, left, right }: { top: number; bottom: number; left: number; right: number },
): Mask {
  const whole = [top, bottom, left, right].every(Number.isInteger);
  if (!whole || top < 0 || left < 0 || bottom > rows || right > columns || top >= bottom || left >= right) {
    throw new RangeError(
      `The region of rows ${top} to ${bottom} and columns ${left} to ${right} lies outside an image of ${columns} x ${rows} pixels.`,
    );
  }
  const mask = new Uint8Array(rows * columns);
  for (let row = top; row < bottom; row++) mask.fill(1, row * columns + left, row * columns + right);
  return mask;
}

/** Throws unless both images have one shape, the data matches it, and every value is finite. */
export function assertComparable(a: GreyImage, b: GreyImage): void {
  if (a.rows !== b.rows || a.columns !== b.columns) {
    throw new RangeError(
      `Images of ${a.columns} x ${a.rows} and ${b.columns} x ${b.rows} pixels cannot be compared; their sizes must be equal.`,
    );
  }
  assertImage(a);
  assertImage(b);
}

/** Throws unless the data has rows x columns finite values. */
export function assertImage(image: GreyImage): void {
  if (image.data.length !== image.rows * image.columns) {
    throw new RangeError(
      `An image of ${image.columns} x ${image.rows} pixels needs ${image.rows * image.columns} values, not ${image.data.length}.`,
    );
  }
  // Zero times NaN or infinity is NaN, and stays so in the sum.
  let probe = 0;
  for (let index = 0; index < image.data.length; index++) probe += 0 * image.data[index]!;
  if (probe !== 0) throw new RangeError('Metrics need finite pixel values; this image holds NaN or infinity.');
}

/** Throws unless a mask has one number per pixel and marks at least one. */
export function assertMask(mask: Mask, pixels: number): void {
  if (mask.length !== pixels)
    throw new RangeError(`A mask of ${pixels} pixels needs as many values, not ${mask.length}.`);
  if (!mask.some((value) => value !== 0))
    throw new RangeError('The mask marks no pixel, so there is nothing to compare.');
}

/** Throws unless both volumes have one shape, the data matches it, and every value is finite. */
export function assertComparableVolumes(a: GreyVolume, b: GreyVolume): void {
  if (a.slices !== b.slices) {
    throw new RangeError(
      `Volumes of ${a.slices} and ${b.slices} slices cannot be compared; their sizes must be equal.`,
    );
  }
  assertComparable(asImage(a), asImage(b));
}

/** A volume as one image, its slices below each other; shares its memory. */
function asImage({ slices, rows, columns, data }: GreyVolume): GreyImage {
  return { rows: slices * rows, columns, data };
}

/** The rows `from` (inclusive) to `to` (exclusive) of an image; shares its memory. */
export function rowRange(image: GreyImage, from: number, to: number): GreyImage {
  const { columns } = image;
  return { rows: to - from, columns, data: image.data.subarray(from * columns, to * columns) };
}
