import type { Stack } from '../viewer/stack.ts';

/** What places a slice: `place` of a stack of slices of a series, and how many they are. */
type Placed = Pick<Stack, 'columns' | 'rows' | 'slices' | 'place'>;

/** The slice of one series that lies nearest to a slice of another one, by the places of their middles in mm; of films it is their only one. */
export function nearestSlice(of: Placed, other: Placed, slice: number): number {
  const [first, second, wanted] = [middle(of, 0), middle(of, 1), middle(other, slice)];
  if (!first || !second || !wanted || of.slices < 2) return 0;
  const step = minus(second, first);
  const nearest = Math.round(dot(minus(wanted, first), step) / dot(step, step));
  return Math.min(Math.max(nearest, 0), of.slices - 1);
}

type Place = readonly [number, number, number];

function middle({ columns, rows, place }: Placed, slice: number): Place | undefined {
  return place?.((columns - 1) / 2, (rows - 1) / 2, slice);
}

function minus(a: Place, b: Place): Place {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function dot(a: Place, b: Place): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
