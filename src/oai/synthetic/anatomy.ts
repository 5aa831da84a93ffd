import type { Sex } from '../../domain/participants.js';
import { type Random } from './random.js';

/** What makes one knee itself and stays the same over its visits. Lengths in mm of the knee, angles as tangents. */
export interface KneeAnatomy {
  /** Half the tibial plateau's width; everything else scales with it. */
  readonly halfWidth: number;
  /** Size relative to the 37 mm half-width for which the shapes are written. */
  readonly scale: number;
  /** Width of the shafts relative to the plateau's. */
  readonly shaft: number;
  readonly femurDepth: number;
  readonly tibiaDepth: number;
  readonly condyleSplit: number;
  readonly notchWidth: number;
  /** How far thigh and shank lean towards the medial side going up and down, beyond the standard knee's 6 degrees of valgus. */
  readonly thighLean: number;
  readonly shankLean: number;
  readonly plateauSlope: number;
  readonly plateauTilt: number;
  readonly medialDish: number;
  readonly lateralDish: number;
  readonly medialSpine: number;
  readonly lateralSpine: number;
  readonly fibulaX: number;
  readonly fibulaZ: number;
  readonly fibulaTip: number;
  readonly patellaX: number;
  readonly patellaY: number;
  readonly patellaSize: number;
  readonly medialGap: number;
  readonly lateralGap: number;
  readonly cartilage: number;
  readonly cortex: number;
  /** Bone mineral density relative to the mean. */
  readonly mineral: number;
  readonly fat: number;
  readonly medialFat: number;
  readonly muscle: number;
  readonly vastus: number;
  readonly legDepth: number;
  readonly effusion: number;
  readonly fluidSignal: number;
  /** How far the joint line falls towards the medial side; femur and tibia follow it alike. */
  readonly obliquity: number;
  /** Slopes of the two plateaus across the knee, and how much steeper backwards the lateral one is; the femur does not follow. */
  readonly medialTilt: number;
  readonly lateralTilt: number;
  readonly lateralSlope: number;
}

/**
 * Draws a knee. `shared` gives what both knees of a person have in common, `own` what differs between them.
 *
 * Small and large knees are not scale copies of each other: larger ones have stouter shafts, higher spines, wider notches and
 * a joint space and cortices that are thin for their size. A film cropped to the plateau's width shows size by these alone.
 */
export function drawAnatomy(shared: Random, own: Random, sex: Sex, bmi: number): KneeAnatomy {
  const male = sex === 'MALE';
  const vary = (mean: number, sd: number) => shared.normal(mean, sd) + own.normal(0, sd * 0.35);
  const halfWidth = vary(male ? 38.4 : 33.8, 2);
  const scale = halfWidth / 37;
  const size = (halfWidth - 35.7) / 3.1;
  const adiposity = (bmi - 28) / 5;
  const muscle = Math.max(0.75, vary(1, 0.015) + 0.06 * size);
  return {
    halfWidth,
    scale,
    shaft: vary(1, 0.008) + 0.055 * size,
    femurDepth: vary(1, 0.018) - 0.008 * size,
    tibiaDepth: vary(1, 0.02) - 0.008 * size,
    condyleSplit: vary(18.5, 0.4) + 0.4 * size,
    notchWidth: vary(0, 0.5) + 0.6 * size,
    thighLean: vary(0, 0.045),
    shankLean: vary(0, 0.035),
    plateauSlope: vary(0.11, 0.022),
    plateauTilt: vary(0.02, 0.018),
    medialDish: vary(2, 0.4),
    lateralDish: vary(0.6, 0.3),
    medialSpine: vary(7.2, 0.7) + 1.1 * size,
    lateralSpine: vary(5.8, 0.7) + 0.9 * size,
    fibulaX: vary(-31, 0.9) - 0.8 * size,
    fibulaZ: vary(-18, 1),
    fibulaTip: vary(11, 1.2) - 1.4 * size,
    patellaX: vary(-1.5, 1.4),
    patellaY: vary(-33, 3),
    patellaSize: vary(1, 0.06),
    medialGap: vary(4.5, 0.25),
    lateralGap: vary(5.1, 0.3),
    cartilage: vary(2.2, 0.15),
    cortex: vary(1, 0.08),
    mineral: vary(1, 0.1) + 0.05 * size,
    fat: Math.max(3.5, vary(male ? 8 : 12, 1.2) + adiposity * (male ? 3 : 4.5)),
    medialFat: Math.max(2, vary(8, 1.2) + adiposity * 3.5),
    muscle,
    vastus: vary(1, 0.04) + 0.6 * (muscle - 1),
    legDepth: vary(1, 0.015),
    effusion: Math.abs(own.normal(0, 1)),
    fluidSignal: vary(1, 0.1),
    ...jointLine(vary),
  };
}

/**
 * The joint line falls to the medial side by the medial proximal tibial angle, 87 degrees on average (tangent 0.05), and a standing
 * leg leans besides. Mean and spread are those at which phantom films have the obliquity of real ones: `compare-films`.
 */
const jointLine = (vary: (mean: number, sd: number) => number) => ({
  obliquity: vary(0.06, 0.055),
  medialTilt: vary(0, 0.02),
  lateralTilt: vary(0, 0.02),
  lateralSlope: vary(0, 0.02),
});

/** Height (y) of the oblique joint line at x, mm. */
export function jointLevel({ obliquity }: KneeAnatomy, x: number): number {
  return obliquity * Math.max(-60, Math.min(60, x));
}

/** Where the limb's axis runs at height y: bones, muscles and skin all follow it. mm to the medial side. */
export function axisAt({ scale, thighLean, shankLean }: KneeAnatomy, y: number): number {
  const level = BEND * scale;
  return shankLean * Math.max(0, y - level) - thighLean * Math.min(0, y + level);
}

/** The bend is at the joint; within this many mm of the standard knee's joint line nothing leans. */
const BEND = 10;
