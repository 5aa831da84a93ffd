import type { Strip } from '../domain/strips.js';
import { refuseFile } from './refuse.js';

/** An image, or several frames of one size, one after the other. */
interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
}

type Samples = Uint8Array | Uint16Array | Float32Array;

/**
 * Makes strips of every frame black in place: as dark as the darkest pixel outside of them.
 *
 * @param samples what is changed
 * @param brightness how bright each sample is shown
 * @throws UserError FILE_REFUSED when a strip lies outside of the image, or nothing of the image is left
 */
export function blackenStrips(
  samples: Samples,
  brightness: ArrayLike<number>,
  { rows, columns, frames }: Shape,
  strips: readonly Strip[],
  name: string,
): void {
  if (strips.length === 0) return;
  const boxes = strips.map((strip) => boxOf(strip, rows, columns, name));
  const hidden = new Uint8Array(rows * columns);
  for (const { left, top, right, bottom } of boxes)
    for (let row = top; row < bottom; row++) hidden.fill(1, row * columns + left, row * columns + right);
  let darkest = -1;
  for (let index = 0; index < samples.length; index++) {
    if (hidden[index % hidden.length]) continue;
    if (darkest < 0 || brightness[index]! < brightness[darkest]!) darkest = index;
  }
  if (darkest < 0) refuseFile(name, 'has nothing left when the strips to redact are taken away');
  const black = samples[darkest]!;
  for (let index = 0; index < frames * hidden.length; index++)
    if (hidden[index % hidden.length]) samples[index] = black;
}

function boxOf(strip: Strip, rows: number, columns: number, name: string) {
  const [left, top, right, bottom] = cornersOf(strip, rows, columns);
  if (left >= columns || top >= rows) {
    refuseFile(name, `has ${columns} x ${rows} pixels; a strip to redact lies outside of them`);
  }
  return { left, top, right: Math.min(right, columns), bottom: Math.min(bottom, rows) };
}

function cornersOf(strip: Strip, rows: number, columns: number): [number, number, number, number] {
  if ('width' in strip) return [strip.left, strip.top, strip.left + strip.width, strip.top + strip.height];
  const { pixels } = strip;
  switch (strip.edge) {
    case 'top':
      return [0, 0, columns, pixels];
    case 'bottom':
      return [0, Math.max(0, rows - pixels), columns, rows];
    case 'left':
      return [0, 0, pixels, rows];
    case 'right':
      return [Math.max(0, columns - pixels), 0, columns, rows];
  }
}
