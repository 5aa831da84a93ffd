import type { GreyImage } from '../image.js';
import { quantile } from '../statistics/quantile.js';

/** Rows in which the condyle's edge is looked for, in shares of the height. */
const ROWS = { from: 0.32, to: 0.73 } as const;

/** Narrowest gap between the two edges, rows. */
const NARROWEST = 1;

/** Gradients count in units of this quantile of their magnitude, up to the limit: metal weighs no more than cortex. */
const STRONG = 0.95;
const LIMIT = 1.5;

/** Edges of a flat image that rounding leaves are weaker than this. */
const FAINTEST = 1e-12;

/**
 * What a path costs beside weak edges: a change by one of its row or its gap from column to column; a row by which the compartments
 * differ at the notch beyond those that are free.
 */
const COST = { step: 0.2, jump: 1, freeJump: 6 } as const;

/** Gaps that are looked for. */
export interface GapRule {
  /** Rows, this one excluded. */
  readonly below: number;
  /** What a row of gap costs: above 0 where narrow gaps are to be preferred. */
  readonly cost: number;
}

/** How much each pixel of an image looks like the lower edge of the condyle and the upper edge of the plateau; below 0 where it looks like the opposite. */
export interface JointEdges {
  readonly femur: GreyImage;
  readonly tibia: GreyImage;
}

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
  readonly gapCost: number;
  readonly height: number;
}

/**
 * Traces the condyle's and the plateau's edges of two compartments at once: the path of least cost through states (row, gap), column by
 * column, with a jump across the notch between the two.
 *
 * @param edges how much each pixel looks like either edge
 * @returns null where a compartment has no edge to speak of: 95 % of it is flat
 */
export function traceCompartments(
  edges: JointEdges,
  ranges: readonly [ColumnRange, ColumnRange],
  gap: GapRule,
): [Trace, Trace] | null {
  const grid = gridOf(edges.femur.rows, gap);
  const units = ranges.map((range) => strongEdge(edges, range, grid));
  if (Math.min(...units) < FAINTEST) return null;
  const first = strengthsOf(edges, ranges[0], units[0]!);
  const second = strengthsOf(edges, ranges[1], units[1]!);
  const left = forward(first, new Float64Array(grid.rows * grid.gaps), grid);
  const notch = acrossNotch(left.totals, grid);
  const right = forward(second, notch.totals, grid);
  const rightPath = back(indexOfMinimum(right.totals), right.moves, grid);
  const leftPath = back(notch.from[Math.floor(rightPath[0]! / grid.gaps)]!, left.moves, grid);
  return [traceOf(edges, ranges[0], first, leftPath, grid), traceOf(edges, ranges[1], second, rightPath, grid)];
}

function gridOf(height: number, { below, cost }: GapRule): Grid {
  const firstRow = Math.trunc(ROWS.from * height);
  const rows = Math.trunc(ROWS.to * height) - firstRow;
  return { firstRow, rows, gaps: below - NARROWEST, gapCost: cost, height };
}

/** Row of the tibial edge of a state; the last row but one at most, for it has a gradient. */
function lowerRow(row: number, gap: number, { firstRow, height }: Grid): number {
  return Math.min(firstRow + row + NARROWEST + gap, height - 2);
}

function strongEdge({ femur, tibia }: JointEdges, { from, to }: ColumnRange, grid: Grid): number {
  const last = lowerRow(grid.rows - 1, grid.gaps - 1, grid);
  const magnitudes: number[] = [];
  for (let row = grid.firstRow; row <= last; row++) {
    for (let column = from; column < to; column++) {
      const at = row * femur.columns + column;
      magnitudes.push(Math.max(Math.abs(femur.data[at]!), Math.abs(tibia.data[at]!)));
    }
  }
  return quantile(Float64Array.from(magnitudes).sort(), STRONG);
}

/** Both edges of one compartment in units of its strong ones, column after column, so that the programme reads along memory. */
interface Strengths {
  readonly femur: Float64Array;
  readonly tibia: Float64Array;
}

function strengthsOf({ femur, tibia }: JointEdges, range: ColumnRange, unit: number): Strengths {
  return { femur: strengthOf(femur, range, unit), tibia: strengthOf(tibia, range, unit) };
}

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
function forward(strengths: Strengths, before: Float64Array, grid: Grid): { totals: Float64Array; moves: Int8Array[] } {
  const count = strengths.femur.length / grid.height;
  const moves: Int8Array[] = [];
  let totals: Float64Array = before.slice();
  addCosts(totals, strengths, 0, grid);
  for (let column = 1; column < count; column++) {
    const reached = step(totals, grid);
    addCosts(reached.totals, strengths, column, grid);
    moves.push(reached.moves);
    totals = reached.totals;
  }
  return { totals, moves };
}

function addCosts(totals: Float64Array, { femur, tibia }: Strengths, column: number, grid: Grid): void {
  const start = column * grid.height;
  for (let row = 0; row < grid.rows; row++) {
    const upper = -femur[start + grid.firstRow + row]!;
    for (let gap = 0; gap < grid.gaps; gap++) {
      totals[row * grid.gaps + gap]! +=
        upper - tibia[start + lowerRow(row, gap, grid)]! + grid.gapCost * (NARROWEST + gap);
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

function traceOf(edges: JointEdges, range: ColumnRange, strengths: Strengths, path: Int32Array, grid: Grid): Trace {
  const femur = new Float64Array(path.length);
  const tibia = new Float64Array(path.length);
  let [femurStrength, tibiaStrength] = [0, 0];
  path.forEach((state, index) => {
    const row = Math.floor(state / grid.gaps);
    const [upper, lower] = [grid.firstRow + row, lowerRow(row, state % grid.gaps, grid)];
    femurStrength += strengths.femur[index * grid.height + upper]! / path.length;
    tibiaStrength += strengths.tibia[index * grid.height + lower]! / path.length;
    femur[index] = upper + peakOffset(edges.femur, upper, range.from + index);
    tibia[index] = lower + peakOffset(edges.tibia, lower, range.from + index);
  });
  const columns = Float64Array.from(path, (_, index) => range.from + index);
  return { columns, femur, tibia, femurStrength, tibiaStrength };
}

/** Offset of the peak of a parabola through three rows, within half a row; 0 where there is no peak. */
function peakOffset({ columns, data }: GreyImage, row: number, column: number): number {
  const at = row * columns + column;
  const [above, here, below] = [data[at - columns]!, data[at]!, data[at + columns]!];
  const bend = above - 2 * here + below;
  return bend < 0 ? Math.min(Math.max((above - below) / (2 * bend), -0.5), 0.5) : 0;
}

function indexOfMinimum(values: Float64Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! < values[best]!) best = index;
  return best;
}
