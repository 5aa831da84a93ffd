/** Places of an MRI series that are to be filled in, as a request names them; slices, rows and columns count from 0. */
export interface HiddenPlaces {
  /** Slices that are hidden whole. */
  readonly slices: readonly number[];
  readonly boxes: readonly HiddenBox[];
  /** Slices in which images hide what is not black in them. */
  readonly masks?: readonly HiddenSpan[] | undefined;
  /** A volume that hides parts of it, whatever it is known by. */
  readonly mask?: object | undefined;
}

/** Slices from the first to the last, itself included. */
export interface HiddenSpan {
  readonly firstSlice: number;
  readonly lastSlice: number;
}

/** A rectangle that is hidden in one slice or several. */
export interface HiddenBox extends HiddenSpan {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
}

/** Most boxes of a request, and most images. */
export const MAX_BOXES = 200;
const MAX_MASKS = 50;

/** Which slices of a series are hidden whole by these places. */
export function lostSlices(
  { slices, boxes }: HiddenPlaces,
  size: { columns: number; rows: number; slices: number },
): boolean[] {
  const lost = new Set(slices);
  const pixels = size.columns * size.rows;
  return Array.from({ length: size.slices }, (_, index) => {
    if (lost.has(index)) return true;
    const here = boxes.filter(({ firstSlice, lastSlice }) => firstSlice <= index && index <= lastSlice);
    if (here.reduce((sum, { rows, columns }) => sum + rows * columns, 0) < pixels) return false;
    const hidden = new Uint8Array(pixels);
    for (const { left, top, rows, columns } of here) {
      for (let row = top; row < top + rows; row++)
        hidden.fill(1, row * size.columns + left, row * size.columns + left + columns);
    }
    return hidden.every((one) => one === 1);
  });
}

/**
 * The first slice that nothing is left to fill in from, because all that the network sees beside it is hidden whole too; null where there is none.
 *
 * @param lost whether each slice is hidden whole
 * @param reach slices on either side that the network sees
 */
export function sliceWithoutContext(lost: readonly boolean[], reach: number): number | null {
  const alone = lost.findIndex((_, index) => lost.slice(Math.max(0, index - reach), index + reach + 1).every(Boolean));
  return alone === -1 ? null : alone;
}

/** What is wrong with places in a series of that size, as the end of a sentence; null where nothing is. */
export function faultOfPlaces(
  { slices, boxes, masks = [], mask }: HiddenPlaces,
  size: { columns: number; rows: number; slices: number },
): string | null {
  if (slices.length + boxes.length + masks.length === 0 && mask === undefined) {
    return 'Nothing is hidden: give slices, boxes, masks or maskUploadId.';
  }
  if (masks.length > MAX_MASKS) return `${masks.length} masks are given; at most ${MAX_MASKS} are accepted.`;
  if (boxes.length > MAX_BOXES) return `${boxes.length} boxes are given; at most ${MAX_BOXES} are accepted.`;
  const inside = (value: number, count: number) => Number.isInteger(value) && value >= 0 && value < count;
  const lost = slices.find((slice) => !inside(slice, size.slices));
  if (lost !== undefined) return `Slice ${lost} is not in the series, whose slices are 0 to ${size.slices - 1}.`;
  for (const [index, { firstSlice, lastSlice }] of masks.entries()) {
    if (![firstSlice, lastSlice].every((slice) => inside(slice, size.slices)) || firstSlice > lastSlice) {
      return `Mask ${index} hides slices ${firstSlice} to ${lastSlice} of a series whose slices are 0 to ${size.slices - 1}.`;
    }
  }
  for (const [index, box] of boxes.entries()) {
    const { firstSlice, lastSlice, left, top } = box;
    const fits =
      [firstSlice, lastSlice].every((slice) => inside(slice, size.slices)) &&
      inside(left, size.columns) &&
      inside(top, size.rows) &&
      inside(left + box.columns - 1, size.columns) &&
      inside(top + box.rows - 1, size.rows) &&
      box.columns > 0 &&
      box.rows > 0;
    if (!fits || firstSlice > lastSlice) {
      return `Box ${index} does not lie in the series, which has ${size.columns} x ${size.rows} x ${size.slices} voxels.`;
    }
  }
  return null;
}
