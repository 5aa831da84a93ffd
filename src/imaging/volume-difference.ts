import { type Compartment, COMPARTMENTS } from '../domain/compartments.js';
import { JOINT_SIDES, type JointSide, jointSideKey } from '../domain/evaluations.js';
import { STACK_LENGTH_MM } from '../domain/generations.js';
import { type Side, sideLetter } from '../domain/participants.js';
import { correlation, type GreyImage, volumeJointSpace } from '../metrics/index.js';
import { compartmentsOf } from './compartments.js';
import { MODEL_SIZE, MODEL_SPACING_MM } from './normalise.js';
import { centredAffine, type Volume } from './volume.js';

/** How much two volumes of one knee differ in a compartment. Intensities are shares of the range. */
export interface CompartmentDifference {
  compartment: Compartment;
  /** Mean of |a - b| over its voxels. */
  meanAbsolute: number;
  /** Mean of b - a: positive where the second volume is brighter. */
  meanSigned: number;
  /** Its share of the whole volume's absolute difference, 0 to 1. */
  shareOfDifference: number;
  /** Its share of the voxels: a compartment whose share of the difference is larger is where the difference lies. */
  shareOfVolume: number;
}

/** Joint space of both volumes in one compartment, bone to bone, mm; null where the edges of the bones are not seen. */
export interface JointSpaceDifference {
  compartment: JointSide;
  first: number | null;
  second: number | null;
}

export interface VolumeDifference {
  meanAbsolute: number;
  maximum: number;
  /** Share of the voxels that differ by more than {@link VISIBLE}, 0 to 1. */
  visible: number;
  /** Mean over the slices of the Pearson correlation between the volumes; null where a slice is constant. */
  correlation: number | null;
  compartments: CompartmentDifference[];
  jointSpace: JointSpaceDifference[];
}

/** Share of the intensity range from which on a reader sees a difference: 20 grey levels of 255, as `feature-effect` of the training counts. */
const VISIBLE = 0.08;

/**
 * Compares two generated volumes of one knee with equal slice counts.
 *
 * @param landmarks slices that the compartments are found on: those of the imported series where there is one
 */
export function compareVolumes(
  a: readonly GreyImage[],
  b: readonly GreyImage[],
  landmarks: readonly GreyImage[],
  side: Side,
): VolumeDifference {
  const labels = compartmentsOf(landmarks, side);
  const sums = COMPARTMENTS.map(() => ({ voxels: 0, absolute: 0, signed: 0 }));
  let [maximum, visible] = [0, 0];
  a.forEach((slice, index) => {
    const other = b[index]!.data;
    const own = labels[index]!;
    for (let pixel = 0; pixel < other.length; pixel++) {
      const difference = other[pixel]! - slice.data[pixel]!;
      const sum = sums[own[pixel]!]!;
      sum.voxels++;
      sum.absolute += Math.abs(difference);
      sum.signed += difference;
      maximum = Math.max(maximum, Math.abs(difference));
      if (Math.abs(difference) > VISIBLE) visible++;
    }
  });
  const voxels = sums.reduce((total, sum) => total + sum.voxels, 0);
  const absolute = sums.reduce((total, sum) => total + sum.absolute, 0);
  const correlations = a.map((slice, index) => correlation(slice, b[index]!)).filter((value) => !Number.isNaN(value));
  return {
    meanAbsolute: absolute / voxels,
    maximum,
    visible: visible / voxels,
    correlation:
      correlations.length > 0 ? correlations.reduce((sum, value) => sum + value, 0) / correlations.length : null,
    compartments: COMPARTMENTS.map((compartment, index) => {
      const sum = sums[index]!;
      const count = Math.max(sum.voxels, 1);
      return {
        compartment,
        meanAbsolute: sum.absolute / count,
        meanSigned: sum.signed / count,
        shareOfDifference: absolute > 0 ? sum.absolute / absolute : 0,
        shareOfVolume: sum.voxels / voxels,
      };
    }),
    jointSpace: jointSpaces(a, b, side),
  };
}

/** Half of the stored range: voxels where the volumes agree. */
const ZERO = 32_768;

/** b - a as a volume of 16 bits: 32768 where they agree, 0 and 65535 where they differ by the whole range. */
export function differenceVolume(a: readonly GreyImage[], b: readonly GreyImage[]): Volume {
  const pixels = MODEL_SIZE * MODEL_SIZE;
  const data = new Uint16Array(a.length * pixels);
  a.forEach((slice, index) => {
    const other = b[index]!.data;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const difference = other[pixel]! - slice.data[pixel]!;
      data[index * pixels + pixel] = Math.round(ZERO + Math.min(Math.max(difference, -1), 1) * (ZERO - 1));
    }
  });
  const spacing = [MODEL_SPACING_MM, MODEL_SPACING_MM, STACK_LENGTH_MM / (a.length - 1)] as const;
  const affine = centredAffine('CORONAL', [MODEL_SIZE, MODEL_SIZE, a.length], spacing);
  return { columns: MODEL_SIZE, rows: MODEL_SIZE, slices: a.length, data, spacing, affine, placement: 'ALIGNED' };
}

function jointSpaces(a: readonly GreyImage[], b: readonly GreyImage[], side: Side): JointSpaceDifference[] {
  const [first, second] = [a, b].map((volume) => volumeJointSpace(volume, sideLetter(side), MODEL_SPACING_MM));
  return JOINT_SIDES.map((compartment) => {
    const key = jointSideKey(compartment);
    return { compartment, first: first![key], second: second![key] };
  });
}
