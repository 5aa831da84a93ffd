import type { Affine } from '../volume.js';
import { displacement, type Gradients, HIGHEST_ORDER } from './gradients.js';
import { solve } from '../../metrics/statistics/index.js';

/** Sizes of a series and of the grid that its slices are brought to. */
export interface FineGrid {
  /** Of the series. */
  rows: number;
  columns: number;
  /** Of the fine slices, over the same field of view. */
  fineRows: number;
  fineColumns: number;
}

/** Where the pixels of one fine slice were imaged, voxels of the series, and how much the image is compressed there. */
export interface UnwarpField {
  column: Float32Array;
  row: Float32Array;
  slice: Float32Array;
  /** Determinant of the map's derivative: what signal was spread over. */
  jacobian: Float32Array;
}

/** Farther than this many voxels no series is unwarped. */
const FARTHEST = 64;

/** How many columns decide the displacement along a row, which is a polynomial. */
const NODES = HIGHEST_ORDER + 1;

/**
 * Makes the fields of a series whose affine has the scanner's isocentre as its origin, slice by slice.
 *
 * @throws Error for a field that folds or leads farther than 64 voxels: the coefficients are then not of this scanner
 */
export function unwarper(gradients: Gradients, affine: Affine, grid: FineGrid): (slice: number) => UnwarpField {
  const { rows, columns, fineRows, fineColumns } = grid;
  const back = inverseOf(affine);
  const nodes = Array.from({ length: NODES }, (_, node) => Math.cos((Math.PI * (node + 0.5)) / NODES));
  const powers = nodes.map((place) => Array.from({ length: NODES }, (_, power) => place ** power));
  const coordinate = (fine: number, count: number, fineCount: number) => ((fine + 0.5) * count) / fineCount - 0.5;
  const places = Float64Array.from({ length: fineColumns }, (_, fine) => coordinate(fine, columns, fineColumns));

  /** Displacement along a row of a slice as three polynomials of the place from -1 to 1, voxels. */
  const alongRow = (row: number, slice: number): number[][] => {
    const shifts = nodes.map((place) => {
      const column = (columns * (place + 1)) / 2 - 0.5;
      const at = (axis: 0 | 4 | 8) =>
        affine[axis] * column + affine[axis + 1]! * row + affine[axis + 2]! * slice + affine[axis + 3]!;
      const [x, y, z] = displacement(gradients, [at(0), at(4), at(8)]);
      return back.map(([a, b, c]) => a * x + b * y + c * z);
    });
    return [0, 1, 2].map((axis) =>
      solve(
        powers,
        shifts.map((shift) => shift[axis]!),
      ),
    );
  };

  return (slice) => {
    const size = fineRows * fineColumns;
    const field: UnwarpField = {
      column: new Float32Array(size),
      row: new Float32Array(size),
      slice: new Float32Array(size),
      jacobian: new Float32Array(size),
    };
    for (let fine = 0; fine < fineRows; fine++) {
      const row = coordinate(fine, rows, fineRows);
      const here = alongRow(row, slice);
      const down = difference(alongRow(row + STEP, slice), alongRow(row - STEP, slice));
      const through = difference(alongRow(row, slice + STEP), alongRow(row, slice - STEP));
      for (let column = 0; column < fineColumns; column++) {
        const place = (2 * (places[column]! + 0.5)) / columns - 1;
        const [dx, dy, dz] = here.map((polynomial) => valueAt(polynomial, place));
        const [ax, ay, az] = here.map((polynomial) => (slopeAt(polynomial, place) * 2) / columns);
        const [bx, by, bz] = down.map((polynomial) => valueAt(polynomial, place));
        const [cx, cy, cz] = through.map((polynomial) => valueAt(polynomial, place));
        const determinant =
          (1 + ax!) * ((1 + by!) * (1 + cz!) - cy! * bz!) -
          bx! * (ay! * (1 + cz!) - cy! * az!) +
          cx! * (ay! * bz! - (1 + by!) * az!);
        if (!(determinant > 0) || Math.max(Math.abs(dx!), Math.abs(dy!), Math.abs(dz!)) > FARTHEST) {
          throw new FoldedField();
        }
        const pixel = fine * fineColumns + column;
        field.column[pixel] = places[column]! + dx!;
        field.row[pixel] = row + dy!;
        field.slice[pixel] = slice + dz!;
        field.jacobian[pixel] = determinant;
      }
    }
    return field;
  };
}

/** A field that no scanner has. */
export class FoldedField extends Error {}

/** Half the distance over which derivatives across rows and slices are taken, voxels. */
const STEP = 0.05;

function difference(after: number[][], before: number[][]): number[][] {
  return after.map((polynomial, axis) =>
    polynomial.map((value, power) => (value - before[axis]![power]!) / (2 * STEP)),
  );
}

function valueAt(polynomial: readonly number[], place: number): number {
  let value = 0;
  for (let power = polynomial.length - 1; power >= 0; power--) value = value * place + polynomial[power]!;
  return value;
}

function slopeAt(polynomial: readonly number[], place: number): number {
  let value = 0;
  for (let power = polynomial.length - 1; power >= 1; power--) value = value * place + power * polynomial[power]!;
  return value;
}

/** The inverse of an affine's directions: mm to voxels. */
function inverseOf(affine: Affine): [number, number, number][] {
  const rows = [0, 4, 8].map((at) => [affine[at]!, affine[at + 1]!, affine[at + 2]!]);
  const columns = [0, 1, 2].map((axis) =>
    solve(
      rows,
      [0, 1, 2].map((place) => (place === axis ? 1 : 0)),
    ),
  );
  return [0, 1, 2].map((row) => [columns[0]![row]!, columns[1]![row]!, columns[2]![row]!]);
}
