import type { Side } from '../../domain/participants.js';
import { displacement, type Gradients } from '../../imaging/superres/gradients.js';
import { KNEE_X } from './placement.js';
import type { Point } from './sdf.js';

/** What a scanner whose gradients are not linear shows at a place of its image, mm of the canonical knee: what lies how far from there, and how much brighter. */
export interface Misplaced {
  readonly from: Point;
  readonly brightness: number;
}

/** Looks up what is imaged at a place of a knee that lies where releases have it. */
export function misplacer(gradients: Gradients, side: Side): (place: Point) => Misplaced {
  const mirror = side === 'RIGHT' ? 1 : -1;
  const moved = ([x, y, z]: Point): Point => {
    // The scanner's axes run to the patient's right, front and head; the knee's to its medial side, down and to the front.
    const [right, front, head] = displacement(gradients, [-(KNEE_X[side] + mirror * x), z, -y]);
    return [-mirror * right, -head, front];
  };
  return (place) => {
    let from: Point = [0, 0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      const [x, y, z] = moved([place[0] + from[0], place[1] + from[1], place[2] + from[2]]);
      from = [-x, -y, -z];
    }
    return { from, brightness: 1 / stretch(moved, [place[0] + from[0], place[1] + from[1], place[2] + from[2]]) };
  };
}

/** A displacement whose slope is 0.1 at most is inverted to a thousandth of it in as many. */
const ROUNDS = 8;

/** By how much a small volume at a point grows: what signal is spread over. */
function stretch(moved: (point: Point) => Point, [x, y, z]: Point): number {
  const slope = (dx: number, dy: number, dz: number): Point => {
    const [after, before] = [moved([x + dx, y + dy, z + dz]), moved([x - dx, y - dy, z - dz])];
    return [after[0] - before[0] + 2 * dx, after[1] - before[1] + 2 * dy, after[2] - before[2] + 2 * dz];
  };
  const [a, b, c] = [slope(STEP, 0, 0), slope(0, STEP, 0), slope(0, 0, STEP)];
  const determinant =
    a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1]);
  return determinant / (2 * STEP) ** 3;
}

/** mm */
const STEP = 0.5;
