import type { GreyImage } from '../image.js';
import { quantile } from '../statistics/quantile.js';

/** Rows in which the condyle's edge is looked for, in shares of the height. */
const ROWS = { from: 0.32, to: 0.73 } as const;

/** Gaps between the two edges, in rows, the last one excluded. */
const GAPS = { from: 1, to: 28 } as const;

/** Gradients count in units of this quantile of their magnitude, up to the limit: metal weighs no more than cortex. */
const STRONG = 0.95;
const LIMIT = 1.5;

/**
 * What a path costs beside weak edges: a change by one of its row or its gap from column to column; a row of gap; a row by which the
 * compartments differ at the notch beyond those that are free.
 */
const COST = { step: 0.2, gap: 0.045, jump: 1, freeJump: 6 } as const;

/** Columns of one compartment, the last one excluded. */
export interface ColumnRange {
  readonly from: number;
  readonly to: number;
}

/** Two edges, one row per column each, refined to a fraction of a row. */
export interface Trace {
  readonly columns: Float64Array;
  readonly femur: Float64Array;
  readonly tibia: Float64Array;
  /** Mean gradient along each edge in its own direction, in units of the compartment's strong ones. */
  readonly femurStrength: number;
  readonly tibiaStrength: number;
}

/** The states of a column: every row of the femoral edge with every gap. */
interface Grid {
  readonly firstRow: number;
  readonly rows: number;
  readonly gaps: number;
  readonly height: number;
}

/**
 * Traces the condyle's and the plateau's edges of two compartments at once: the path of least cost through states (row, gap), column by
 * column, with a jump across the notch between the two.
 *
 * @param gradient vertical gradient of a film, positive where it grows brighter going down
 * @returns null where a compartment has no gradient to speak of: 95 % of it is flat
 */
export function traceCompartments(
  gradient: GreyImage,
  ranges: readonly [ColumnRange, ColumnRange],
): [Trace, Trace] | null {
  const grid = gridOf(gradient.rows);
  const units = ranges.map((range) => strongGradient(gradient, range, grid));
  if (units.includes(0)) return null;
  const first = strengthOf(gradient, ranges[0], units[0]!);
  const second = strengthOf(gradient, ranges[1], units[1]!);
  const left = forward(first, new Float64Array(grid.rows * grid.gaps), grid);
  const notch = acrossNotch(left.totals, grid);
  const right = forward(second, notch.totals, grid);
  const rightPath = back(indexOfMinimum(right.totals), right.moves, grid);
  const leftPath = back(notch.from[Math.floor(rightPath[0]! / grid.gaps)]!, left.moves, grid);
  return [traceOf(gradient, ranges[0], first, leftPath, grid), traceOf(gradient, ranges[1], second, rightPath, grid)];
}

function gridOf(height: number): Grid {
  const firstRow = Math.trunc(ROWS.from * height);
  return { firstRow, rows: Math.trunc(ROWS.to * height) - firstRow, gaps: GAPS.to - GAPS.from, height };
}

/** Row of the tibial edge of a state; the last row but one at most, for it has a gradient. */
function lowerRow(row: number, gap: number, { firstRow, height }: Grid): number {
  return Math.min(firstRow + row + GAPS.from + gap, height - 2);
}

function strongGradient({ columns, data }: GreyImage, { from, to }: ColumnRange, grid: Grid): number {
  const last = lowerRow(grid.rows - 1, grid.gaps - 1, grid);
  const magnitudes: number[] = [];
  for (let row = grid.firstRow; row <= last; row++) {
    for (let column = from; column < to; column++) magnitudes.push(Math.abs(data[row * columns + column]!));
  }
  return quantile(Float64Array.from(magnitudes).sort(), STRONG);
}

/** The gradient of one compartment in units of its strong ones, column after column, so that the programme reads along memory. */
function strengthOf({ rows, columns, data }: GreyImage, { from, to }: ColumnRange, unit: number): Float64Array {
  const strength = new Float64Array((to - from) * rows);
  for (let column = from; column < to; column++) {
    for (let row = 0; row < rows; row++) {
      const value = data[row * columns + column]! / unit;
      strength[(column - from) * rows + row] = Math.min(Math.max(value, -LIMIT), LIMIT);
    }
  }
  return strength;
}

/** Runs through the columns of a compartment: least cost of each state in its last one, and how each state of each column was reached. */
function forward(
  strength: Float64Array,
  before: Float64Array,
  grid: Grid,
): { totals: Float64Array; moves: Int8Array[] } {
  const count = strength.length / grid.height;
  const moves: Int8Array[] = [];
  let totals: Float64Array = before.slice();
  addCosts(totals, strength.subarray(0, grid.height), grid);
  for (let column = 1; column < count; column++) {
    const reached = step(totals, grid);
    addCosts(reached.totals, strength.subarray(column * grid.height, (column + 1) * grid.height), grid);
    moves.push(reached.moves);
    totals = reached.totals;
  }
  return { totals, moves };
}

function addCosts(totals: Float64Array, strength: Float64Array, grid: Grid): void {
  for (let row = 0; row < grid.rows; row++) {
    const upper = strength[grid.firstRow + row]!;
    for (let gap = 0; gap < grid.gaps; gap++) {
      totals[row * grid.gaps + gap]! += upper - strength[lowerRow(row, gap, grid)]! + COST.gap * (GAPS.from + gap);
    }
  }
}

/** From each state to itself or a neighbour in row, gap or both; a move is 3 x (row's change + 1) + gap's change + 1. */
function step(totals: Float64Array, { rows, gaps }: Grid): { totals: Float64Array; moves: Int8Array } {
  const next = new Float64Array(totals.length).fill(Infinity);
  const moves = new Int8Array(totals.length);
  for (let move = 0; move < 9; move++) {
    const [down, wider] = [Math.floor(move / 3) - 1, (move % 3) - 1];
    const cost = COST.step * (Math.abs(down) + Math.abs(wider));
    const shift = down * gaps + wider;
    for (let row = Math.max(0, -down); row < Math.min(rows, rows - down); row++) {
      for (let gap = Math.max(0, -wider); gap < Math.min(gaps, gaps - wider); gap++) {
        const at = row * gaps + gap;
        const total = totals[at + shift]! + cost;
        if (total < next[at]!) {
          next[at] = total;
          moves[at] = move;
        }
      }
    }
  }
  return { totals: next, moves };
}

/** What each row of the second compartment starts with, and the state of the first compartment that it comes from. */
function acrossNotch(totals: Float64Array, { rows, gaps }: Grid): { totals: Float64Array; from: Int32Array } {
  const best = Array.from({ length: rows }, (_, row) => {
    const start = row * gaps;
    return start + indexOfMinimum(totals.subarray(start, start + gaps));
  });
  const started = new Float64Array(totals.length);
  const from = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let least = Infinity;
    for (let other = 0; other < rows; other++) {
      const total = COST.jump * Math.max(Math.abs(row - other) - COST.freeJump, 0) + totals[best[other]!]!;
      if (total >= least) continue;
      least = total;
      from[row] = best[other]!;
    }
    started.fill(least, row * gaps, (row + 1) * gaps);
  }
  return { totals: started, from };
}

/** States of a compartment from its first column to its last. */
function back(last: number, moves: readonly Int8Array[], { gaps }: Grid): Int32Array {
  const path = new Int32Array(moves.length + 1);
  path[moves.length] = last;
  for (let column = moves.length; column > 0; column--) {
    const move = moves[column - 1]![path[column]!]!;
    path[column - 1] = path[column]! + (Math.floor(move / 3) - 1) * gaps + (move % 3) - 1;
  }
  return path;
}

function traceOf(gradient: GreyImage, range: ColumnRange, strength: Float64Array, path: Int32Array, grid: Grid): Trace {
  const femur = new Float64Array(path.length);
  const tibia = new Float64Array(path.length);
  let [femurStrength, tibiaStrength] = [0, 0];
  path.forEach((state, index) => {
    const row = Math.floor(state / grid.gaps);
    const [upper, lower] = [grid.firstRow + row, lowerRow(row, state % grid.gaps, grid)];
    femurStrength -= strength[index * grid.height + upper]! / path.length;
    tibiaStrength += strength[index * grid.height + lower]! / path.length;
    femur[index] = upper + peakOffset(gradient, upper, range.from + index, -1);
    tibia[index] = lower + peakOffset(gradient, lower, range.from + index, 1);
  });
  const columns = Float64Array.from(path, (_, index) => range.from + index);
  return { columns, femur, tibia, femurStrength, tibiaStrength };
}

/** Offset of the peak of a parabola through three rows of the signed gradient, within half a row; 0 where there is no peak. */
function peakOffset({ columns, data }: GreyImage, row: number, column: number, sign: 1 | -1): number {
  const at = row * columns + column;
  const [above, here, below] = [sign * data[at - columns]!, sign * data[at]!, sign * data[at + columns]!];
  const bend = above - 2 * here + below;
  return bend < 0 ? Math.min(Math.max((above - below) / (2 * bend), -0.5), 0.5) : 0;
}

function indexOfMinimum(values: Float64Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! < values[best]!) best = index;
  return best;
}
