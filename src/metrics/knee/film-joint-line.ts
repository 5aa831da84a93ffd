import type { CompartmentSpace, FilmJointSpace } from './film-joint-space.js';

/** The line half-way between both bones of one compartment, in pixels of the crop. */
export interface JointLine {
  /** Where its middle lies. */
  readonly column: number;
  readonly row: number;
  /** Rows per column of the straight line fitted to it: positive where it falls to the right of the picture. */
  readonly slope: number;
}

export interface FilmJointLine {
  /** null where the compartment's joint space could not be read. */
  readonly medial: JointLine | null;
  readonly lateral: JointLine | null;
  /**
   * Degrees by which the line through the middles of both compartments falls towards the medial side; negative where it falls towards
   * the lateral one. null where either is missing.
   */
  readonly obliquity: number | null;
}

/** Place, slope and obliquity of the joint line on the film of one knee, from the edges that `readFilmJointSpace` traced. */
export function filmJointLine({ medial, lateral }: FilmJointSpace): FilmJointLine {
  const lines = { medial: lineOf(medial.space), lateral: lineOf(lateral.space) };
  return { ...lines, obliquity: lines.medial && lines.lateral && fall(lines.lateral, lines.medial) };
}

/** Least squares through the middle line of a compartment. */
function lineOf(space: CompartmentSpace | null): JointLine | null {
  if (space === null) return null;
  const { columns, femur, tibia } = space;
  const rows = femur.map((row, index) => (row + tibia[index]!) / 2);
  const [column, row] = [mean(columns), mean(rows)];
  let [together, spread] = [0, 0];
  columns.forEach((place, index) => {
    together += (place - column) * (rows[index]! - row);
    spread += (place - column) ** 2;
  });
  return { column, row, slope: together / spread };
}

function fall(from: JointLine, to: JointLine): number {
  return (Math.atan2(to.row - from.row, Math.abs(to.column - from.column)) * 180) / Math.PI;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
