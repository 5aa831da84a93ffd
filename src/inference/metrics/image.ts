/**
 * A grey image in C order (row after row, superior row first). Metrics take values in [0, 1] with a data range of 1 and
 * compute in float64.
 */
export interface GreyImage {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array | Float64Array;
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

/** The rows `from` (inclusive) to `to` (exclusive) of an image; shares its memory. */
export function rowRange(image: GreyImage, from: number, to: number): GreyImage {
  const { columns } = image;
  return { rows: to - from, columns, data: image.data.subarray(from * columns, to * columns) };
}
