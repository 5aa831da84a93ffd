import { type Compartment, COMPARTMENTS } from '../domain/compartments.js';
import type { Side } from '../domain/participants.js';
import { findJointRows, type GreyImage, legColumns } from '../metrics/index.js';
import { MODEL_SIZE, MODEL_SPACING_MM } from './normalise.js';

/** Millimetres from the joint line, or from the middle of the leg, and depths from posterior (0) to anterior (1). */
const RULE = {
  /** Half the height of the joint: cartilage, menisci, the edges of both bones. */
  joint: 7,
  /** How far the ends of femur and tibia are looked at. */
  bone: 45,
  /** Half the width of the condyles and the plateau. */
  width: 42,
  /** Behind this depth there is muscle where further in front there is bone. */
  posterior: 0.28,
  /** The groove of the femur and, where the stack reaches so far, the patella in it. */
  groove: { depth: 0.9, width: 28, low: 4, high: 55 },
} as const;

const { round, abs } = Math;

/**
 * Which compartment each voxel of a stack belongs to, by geometry alone and not by segmentation:
 *
 * - The joint line is the row that {@link findJointRows} gives, its median over the slices between depth 0.25 and 0.75, so that
 *   one line holds for the whole stack; the middle is half-way between the leg's outlines on the same slices.
 * - Within 7 mm of the line: joint. Up to 45 mm above: femur; up to 45 mm below: tibia; all within 42 mm of the middle.
 * - In the front (depth from 0.9) what lies 4 to 55 mm above the line within 28 mm of the middle is patellofemoral.
 * - Behind depth 0.28 the stack shows muscle: other.
 * - Medial is towards the other leg: the right half of the picture for a right knee, the left half for a left one.
 * - Everything else: other.
 *
 * @param slices 256 x 256 pixels of 0.625 mm, posterior to anterior, as the patient's own side lies
 * @returns index into {@link COMPARTMENTS} per pixel of each slice
 */
export function compartmentsOf(slices: readonly GreyImage[], side: Side): Uint8Array[] {
  const { row: line, column: middle } = landmarks(slices);
  const mm = (pixels: number) => pixels * MODEL_SPACING_MM;
  return slices.map((_, index) => {
    const depth = slices.length > 1 ? index / (slices.length - 1) : 0.5;
    const labels = new Uint8Array(MODEL_SIZE * MODEL_SIZE);
    for (let row = 0; row < MODEL_SIZE; row++) {
      for (let column = 0; column < MODEL_SIZE; column++) {
        const above = mm(line - row);
        const aside = mm(column - middle);
        const medial = side === 'RIGHT' ? aside >= 0 : aside < 0;
        labels[row * MODEL_SIZE + column] = COMPARTMENTS.indexOf(compartment(above, abs(aside), medial, depth));
      }
    }
    return labels;
  });
}

function compartment(above: number, aside: number, medial: boolean, depth: number): Compartment {
  const { groove } = RULE;
  if (depth < RULE.posterior) return 'OTHER';
  if (depth >= groove.depth && aside <= groove.width && above >= groove.low && above <= groove.high) {
    return 'PATELLOFEMORAL';
  }
  if (aside > RULE.width) return 'OTHER';
  if (abs(above) <= RULE.joint) return medial ? 'MEDIAL_JOINT' : 'LATERAL_JOINT';
  if (abs(above) > RULE.bone) return 'OTHER';
  if (above > 0) return medial ? 'MEDIAL_FEMUR' : 'LATERAL_FEMUR';
  return medial ? 'MEDIAL_TIBIA' : 'LATERAL_TIBIA';
}

/** Joint row and middle column of a whole stack. */
function landmarks(slices: readonly GreyImage[]): { row: number; column: number } {
  const rows = findJointRows(slices);
  const inner = slices.map((_, index) => index).filter((index) => isInner(index, slices.length));
  const columns = inner.map((index) => middleColumn(slices[index]!));
  return { row: middleOf(inner.map((index) => rows[index]!)), column: middleOf(columns) };
}

function isInner(index: number, count: number): boolean {
  const depth = count > 1 ? index / (count - 1) : 0.5;
  return count < 4 || (depth >= 0.25 && depth <= 0.75);
}

/** Half-way between the leg's outlines. */
function middleColumn(slice: GreyImage): number {
  const leg = legColumns(slice);
  return leg ? (leg.left + leg.right) / 2 : slice.columns / 2;
}

function middleOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.floor(sorted.length / 2)] ?? MODEL_SIZE / 2);
}
