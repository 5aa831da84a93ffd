import type { Sex } from '../../domain/participants.js';
import { type Random } from './random.js';

/** What makes one knee itself and stays the same over its visits. Lengths in mm of the knee, angles as tangents. */
export interface KneeAnatomy {
  /** Half the tibial plateau's width; everything else scales with it. */
  readonly halfWidth: number;
  /** Size relative to the 37 mm half-width for which the shapes are written. */
  readonly scale: number;
  readonly femurDepth: number;
  readonly tibiaDepth: number;
  readonly condyleSplit: number;
  readonly notchWidth: number;
  readonly valgus: number;
  readonly tibiaLean: number;
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
}

/** Draws a knee. `shared` gives what both knees of a person have in common, `own` what differs between them. */
export function drawAnatomy(shared: Random, own: Random, sex: Sex, bmi: number): KneeAnatomy {
  const male = sex === 'MALE';
  const vary = (mean: number, sd: number) => shared.normal(mean, sd) + own.normal(0, sd * 0.35);
  const halfWidth = vary(male ? 38 : 33.6, male ? 1.5 : 1.55);
  const scale = halfWidth / 37;
  const adiposity = (bmi - 28) / 5;
  return {
    halfWidth,
    scale,
    femurDepth: vary(1, 0.035),
    tibiaDepth: vary(1, 0.04),
    condyleSplit: vary(18.5, 0.6),
    notchWidth: vary(0, 0.8),
    valgus: vary(0.105, 0.025),
    tibiaLean: vary(0.01, 0.02),
    plateauSlope: vary(0.11, 0.035),
    plateauTilt: vary(0.02, 0.018),
    medialDish: vary(2, 0.5),
    lateralDish: vary(0.6, 0.35),
    medialSpine: vary(7.2, 1.2),
    lateralSpine: vary(5.8, 1.1),
    fibulaX: vary(-31, 1.4),
    fibulaZ: vary(-18, 1.8),
    fibulaTip: vary(11, 2),
    patellaX: vary(-1.5, 1.4),
    patellaY: vary(-33, 3),
    patellaSize: vary(1, 0.06),
    medialGap: vary(4.5, 0.35),
    lateralGap: vary(5.1, 0.4),
    cartilage: vary(2.2, 0.2),
    cortex: vary(1, 0.14),
    mineral: vary(male ? 1.05 : 0.95, 0.12),
    fat: Math.max(3.5, vary(male ? 8 : 12, 1.8) + adiposity * (male ? 3 : 4.5)),
    medialFat: Math.max(2, vary(8, 2.5) + adiposity * 3.5),
    muscle: Math.max(0.75, vary(male ? 1.06 : 0.95, 0.08)),
    vastus: vary(1, 0.16),
    legDepth: vary(1, 0.03),
    effusion: Math.abs(own.normal(0, 1)),
    fluidSignal: vary(1, 0.1),
  };
}
