import { dice } from '../dice.js';
import { gaussianTaps, smoothReflected } from '../filters.js';
import { assertComparable, assertImage, type GreyImage, type Mask } from '../image.js';
import { jointWindow } from './joint-window.js';

/** Bones are darker than this on T1 FLASH with water excitation, after smoothing away trabeculae and noise. */
const DARK = { level: 0.32, sigma: 1.2 } as const;

/** The leg is brighter than this; its rim, where fat is as dark as bone, is left out. */
const LEG = { level: 0.12, sigma: 2, rim: 6 } as const;

/** What is thinner than twice this many pixels is no bone. */
const OPENING = 3;

/**
 * Dice coefficient of the bones around the joint on a real and a generated coronal slice, in [0, 1].
 *
 * @param jointRow of the real slice
 * @param spacing pixel spacing in mm
 * @returns null where the real slice shows no bone
 * @throws RangeError for images of different sizes
 */
export function boneDice(real: GreyImage, generated: GreyImage, jointRow: number, spacing: number): number | null {
  assertComparable(real, generated);
  const wanted = boneMask(real);
  if (!wanted.includes(1)) return null;
  const { top, bottom } = jointWindow(real, jointRow, spacing);
  const rows = (mask: Mask) => mask.subarray(top * real.columns, bottom * real.columns);
  const [a, b] = [rows(wanted), rows(boneMask(generated))];
  return a.includes(1) || b.includes(1) ? dice(a, b) : 0;
}

/**
 * Femur, tibia and whatever else is dark inside the leg of a coronal T1 FLASH slice with water excitation: thresholds and morphology,
 * no segmentation network. Values in [0, 1].
 */
export function boneMask(image: GreyImage): Mask {
  assertImage(image);
  const shape = { rows: image.rows, columns: image.columns };
  const leg = filled(above(smoothReflected(image, gaussianTaps(LEG.sigma, 4)), LEG.level), shape);
  const inside = repeated(leg, shape, LEG.rim, eroded);
  const dark = above(smoothReflected(image, gaussianTaps(DARK.sigma, 4)), DARK.level);
  const bone = dark.map((bright, index) => (bright === 0 && inside[index] === 1 ? 1 : 0));
  return repeated(repeated(bone, shape, OPENING, eroded), shape, OPENING, dilated);
}

interface Shape {
  readonly rows: number;
  readonly columns: number;
}

function above(values: Float64Array, level: number): Mask {
  const mask = new Uint8Array(values.length);
  for (let index = 0; index < mask.length; index++) mask[index] = values[index]! >= level ? 1 : 0;
  return mask;
}

/** scipy.ndimage.binary_fill_holes: what cannot be reached from outside by steps along rows and columns belongs to it. */
function filled(mask: Mask, { rows, columns }: Shape): Mask {
  const outside = new Uint8Array(mask.length);
  const stack: number[] = [];
  const visit = (index: number) => {
    if (mask[index] !== 0 || outside[index] !== 0) return;
    outside[index] = 1;
    stack.push(index);
  };
  for (let row = 0; row < rows; row++) [0, columns - 1].forEach((column) => visit(row * columns + column));
  for (let column = 0; column < columns; column++) [0, rows - 1].forEach((row) => visit(row * columns + column));
  for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
    const column = index % columns;
    if (index >= columns) visit(index - columns);
    if (index < mask.length - columns) visit(index + columns);
    if (column > 0) visit(index - 1);
    if (column < columns - 1) visit(index + 1);
  }
  return outside.map((reached) => 1 - reached);
}

/** One step of scipy.ndimage.binary_erosion by a cross; beyond the image there is nothing. */
function eroded(mask: Mask, { rows, columns }: Shape): Mask {
  const result = new Uint8Array(mask.length);
  for (let row = 1; row < rows - 1; row++) {
    for (let at = row * columns + 1; at < (row + 1) * columns - 1; at++) {
      result[at] = mask[at]! & mask[at - columns]! & mask[at + columns]! & mask[at - 1]! & mask[at + 1]!;
    }
  }
  return result;
}

/** One step of scipy.ndimage.binary_dilation by a cross. */
function dilated(mask: Mask, { rows, columns }: Shape): Mask {
  const result = mask.slice();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      if (mask[at] === 0) continue;
      if (row > 0) result[at - columns] = 1;
      if (row < rows - 1) result[at + columns] = 1;
      if (column > 0) result[at - 1] = 1;
      if (column < columns - 1) result[at + 1] = 1;
    }
  }
  return result;
}

function repeated(mask: Mask, shape: Shape, times: number, step: (mask: Mask, shape: Shape) => Mask): Mask {
  let result = mask;
  for (let done = 0; done < times; done++) result = step(result, shape);
  return result;
}
