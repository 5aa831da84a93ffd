import type { Gradients, GradientTerm } from '../../imaging/superres/gradients.js';
import { SERIES } from './mri.js';
import { muscleSignal, REFERENCE_FIELD } from './tissues.js';

/** Scanners that `synth --scanner` has. */
export const SCANNER_NAMES = ['1.5T', '3T', '7T'] as const;

export type ScannerName = (typeof SCANNER_NAMES)[number];

/** A scanner and how it takes a knee; the sequence, its times and its flip angle are the same on all. */
export interface Scanner {
  readonly name: ScannerName;
  /** tesla */
  readonly field: number;
  /** Samples a side of k-space in plane, over the field of view of 160 mm. */
  readonly matrix: number;
  /** mm, of slices without gaps over 120 mm. */
  readonly thickness: number;
  /** Hz a pixel, along the columns of a slice. */
  readonly bandwidth: number;
  /** Power of the coil's sensitivity: how strong shading is against 3 T. */
  readonly shading: number;
  /** Its gradient coils. */
  readonly gradients: Gradients;
}

/** Matrices are in the proportions of 2 and 2.67 that super-resolution is asked for. The coils are invented; as large as whole-body systems have them. */
const SCANNERS: Readonly<Record<ScannerName, Scanner>> = {
  '1.5T': {
    ...{ name: '1.5T', field: 1.5, matrix: 192, thickness: 3, bandwidth: 130, shading: 0.7 },
    gradients: coils('1.5 T', { third: -0.06, thirdTriple: 0.008, fifth: 0.012, along: -0.07 }),
  },
  '3T': {
    ...{ name: '3T', field: 3, matrix: 384, thickness: 1.5, bandwidth: 260, shading: 1 },
    gradients: coils('3 T', { third: -0.09, thirdTriple: -0.006, fifth: 0.018, along: -0.1 }),
  },
  '7T': {
    ...{ name: '7T', field: 7, matrix: 512, thickness: 0.75, bandwidth: 520, shading: 1.4 },
    gradients: coils('7 T', { third: -0.045, thirdTriple: 0.005, fifth: -0.009, along: -0.05 }),
  },
};

/** A scanner, with other gradient coils where they are given, and half as many pixels a side where its images are to be small. */
export function scannerOf(name: ScannerName, compact: boolean, gradients = SCANNERS[name].gradients): Scanner {
  const scanner = SCANNERS[name];
  return { ...scanner, gradients, matrix: compact ? scanner.matrix / 2 : scanner.matrix };
}

/** Coils whose field is linear: nothing is misplaced. */
export const IDEAL_GRADIENTS: Gradients = {
  scanner: 'ideal gradient coils',
  radiusMm: 250,
  coils: { x: [], y: [], z: [] },
};

/** Slices of a scanner's series. */
export function sliceCount({ thickness }: Pick<Scanner, 'thickness'>): number {
  return THROUGH / thickness;
}

/** mm that the slices of a series cover. */
const THROUGH = SERIES.slices * SERIES.thickness;

/** Frequency of protons, MHz a tesla. */
export const PROTONS = 42.577;

/** How much lower fat's frequency is than water's, parts in a million. */
const FAT_PPM = 3.5;

/** How far fat is misplaced along the columns of a slice, mm. */
export function chemicalShift({ field, bandwidth, matrix }: Omit<Scanner, 'gradients'>): number {
  return ((FAT_PPM * PROTONS * field) / bandwidth) * (SERIES.fieldOfView / matrix);
}

/**
 * Deviation of noise against the signal of muscle, as a share of what it is in the release's usual series (3 T, 512 x 512 x 80, 130 Hz a pixel). Signal over noise
 * goes with the field, where the body makes the noise (Edelstein et al., Magn Reson Med 1986; 3: 604), with the volume of a voxel, and with the
 * root of the time that is sampled, lines of k-space over bandwidth; and with what of its magnetisation muscle shows at that field.
 */
export function relativeNoise({ field, matrix, thickness, bandwidth }: Omit<Scanner, 'gradients'>): number {
  const ratio = (taken: Taken, usual: Taken) =>
    (taken.field / usual.field) *
    (volumeOf(taken) / volumeOf(usual)) *
    Math.sqrt(timeOf(taken) / timeOf(usual)) *
    (muscleSignal(taken.field) / muscleSignal(usual.field));
  return 1 / ratio({ field, matrix, thickness, bandwidth }, USUAL);
}

type Taken = Pick<Scanner, 'field' | 'matrix' | 'thickness' | 'bandwidth'>;

const USUAL: Taken = { field: REFERENCE_FIELD, matrix: 512, thickness: SERIES.thickness, bandwidth: 130 };

/** mm3 */
function volumeOf({ matrix, thickness }: Taken): number {
  return (SERIES.fieldOfView / matrix) ** 2 * thickness;
}

function timeOf({ matrix, thickness, bandwidth }: Taken): number {
  return (matrix * sliceCount({ thickness })) / bandwidth;
}

/** Coils with the symmetry of cylindrical ones. */
function coils(
  field: string,
  { third, thirdTriple, fifth, along }: { third: number; thirdTriple: number; fifth: number; along: number },
): Gradients {
  const across = (cosine: boolean): GradientTerm[] =>
    [
      { n: 3, m: 1, size: third },
      { n: 3, m: 3, size: thirdTriple },
      { n: 5, m: 1, size: fifth },
      { n: 5, m: 3, size: fifth / 4 },
    ].map(({ n, m, size }) => ({ n, m, a: cosine ? size : 0, b: cosine ? 0 : size }));
  return {
    scanner: `Osteograph phantom scanner, ${field}`,
    radiusMm: 250,
    coils: {
      ...{ x: across(true), y: across(false) },
      z: [
        { n: 3, m: 0, a: along, b: 0 },
        { n: 5, m: 0, a: fifth, b: 0 },
      ],
    },
  };
}
