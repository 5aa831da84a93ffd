import type { UnwarpField } from './unwarp.js';

const { floor, max, min } = Math;

/** Keys' kernel for enlarging, as `enlarge` and PyTorch's `grid_sample` have it. */
const A = -0.75;

/** The slices of a series, by index: only those that are asked for are read. */
export type ReadSlice = (index: number) => Promise<Float32Array>;

/**
 * A slice sampled where its pixels were imaged: cubic convolution in plane, linear between slices; the outermost pixels and slices go on.
 *
 * @returns as many values as the field has
 */
export async function sampleSlices(
  read: ReadSlice,
  { rows, columns, slices }: { rows: number; columns: number; slices: number },
  field: Pick<UnwarpField, 'column' | 'row' | 'slice'>,
): Promise<Float32Array> {
  let [least, most] = [slices - 1, 0];
  for (const place of field.slice) [least, most] = [min(least, floor(place)), max(most, floor(place) + 1)];
  [least, most] = [max(0, min(least, slices - 1)), min(slices - 1, max(most, 0))];
  const planes = new Map<number, Float32Array>();
  for (let index = least; index <= most; index++) planes.set(index, await read(index));
  const result = new Float32Array(field.column.length);
  for (let pixel = 0; pixel < result.length; pixel++) {
    const place = min(max(field.slice[pixel]!, 0), slices - 1);
    const below = min(floor(place), slices - 1);
    const share = place - below;
    const [column, row] = [field.column[pixel]!, field.row[pixel]!];
    const near = cubicAt(planes.get(below)!, rows, columns, column, row);
    result[pixel] =
      share === 0 ? near : (1 - share) * near + share * cubicAt(planes.get(below + 1)!, rows, columns, column, row);
  }
  return result;
}

function cubicAt(image: Float32Array, rows: number, columns: number, column: number, row: number): number {
  const [left, top] = [floor(column), floor(row)];
  const [x0, x1, x2, x3] = weights(column - left);
  const [y0, y1, y2, y3] = weights(row - top);
  const a = min(max(left - 1, 0), columns - 1);
  const b = min(max(left, 0), columns - 1);
  const c = min(max(left + 1, 0), columns - 1);
  const d = min(max(left + 2, 0), columns - 1);
  const line = (at: number): number => {
    const start = min(max(at, 0), rows - 1) * columns;
    return image[start + a]! * x0 + image[start + b]! * x1 + image[start + c]! * x2 + image[start + d]! * x3;
  };
  return line(top - 1) * y0 + line(top) * y1 + line(top + 1) * y2 + line(top + 2) * y3;
}

/** Weights of the four pixels about a place, `t` past the second. */
function weights(t: number): [number, number, number, number] {
  const near = (x: number) => ((A + 2) * x - (A + 3)) * x * x + 1;
  const far = (x: number) => ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}
