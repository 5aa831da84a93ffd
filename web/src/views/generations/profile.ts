import type { Stack } from '../viewer/stack.ts';

/** A place in a picture: shares of its width and height, 0 to 1. Pictures of one field of view share them. */
export type Spot = readonly [across: number, down: number];

export type Line = readonly [from: Spot, to: Spot];

/** Values of a slice at so many places along a line, evenly from end to end; bilinear between the middles of pixels. */
export function valuesAlong(
  { columns, rows, slice }: Pick<Stack, 'columns' | 'rows' | 'slice'>,
  index: number,
  [from, to]: Line,
  count: number,
): number[] {
  const pixels = slice(index);
  const valueAt = (across: number, down: number) => {
    const [x, y] = [within(across * columns - 0.5, columns - 1), within(down * rows - 0.5, rows - 1)];
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, bottom] = [Math.min(left + 1, columns - 1), Math.min(top + 1, rows - 1)];
    const between = (row: number) =>
      pixels[row * columns + left]! * (1 - x + left) + pixels[row * columns + right]! * (x - left);
    return between(top) * (1 - y + top) + between(bottom) * (y - top);
  };
  return Array.from({ length: count }, (_, place) => {
    const part = place / (count - 1);
    return valueAt(from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1]));
  });
}

/** Length of a line on a picture of so many mm. */
export function lengthOf([from, to]: Line, [width, height]: readonly [number, number]): number {
  return Math.hypot((to[0] - from[0]) * width, (to[1] - from[1]) * height);
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
