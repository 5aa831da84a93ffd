import type { GreyImage } from '../metrics/index.js';
import { MODEL_SIZE } from './normalise.js';
import { encodePlainPng } from './png.js';

/** Slices of a volume on one sheet, and the depths of the outermost. */
const SHEET = { columns: 4, rows: 3, first: 0.28, last: 0.96 } as const;

/**
 * A slice as readers see it: 8 bits, without text, and of the same number of bytes whatever it shows, so that nothing but the
 * picture tells a generated one from an imported one.
 */
export function blindedSlice({ rows, columns, data }: GreyImage): Buffer {
  return encodePlainPng({ rows, columns, data: bytesOf(data) });
}

/** Twelve slices of a volume on one sheet, posterior to anterior, in the same way. */
export function blindedVolume(slices: readonly GreyImage[]): Buffer {
  const count = SHEET.columns * SHEET.rows;
  const width = SHEET.columns * MODEL_SIZE;
  const data = new Uint8Array(count * MODEL_SIZE * MODEL_SIZE);
  for (let place = 0; place < count; place++) {
    const depth = SHEET.first + ((SHEET.last - SHEET.first) * place) / (count - 1);
    const slice = bytesOf(slices[Math.round(depth * (slices.length - 1))]!.data);
    const top = Math.floor(place / SHEET.columns) * MODEL_SIZE;
    const left = (place % SHEET.columns) * MODEL_SIZE;
    for (let row = 0; row < MODEL_SIZE; row++) {
      data.set(slice.subarray(row * MODEL_SIZE, (row + 1) * MODEL_SIZE), (top + row) * width + left);
    }
  }
  return encodePlainPng({ rows: SHEET.rows * MODEL_SIZE, columns: width, data });
}

function bytesOf(data: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(data, (value) => Math.round(255 * Math.min(Math.max(value, 0), 1)));
}
