import { STACK_LENGTH_MM } from '../domain/generations.js';
import type { Side } from '../domain/participants.js';
import { mirrorColumns, MODEL_SIZE, MODEL_SPACING_MM } from './normalise.js';
import { centredAffine, type Volume } from './volume.js';

/** Goes into the header of every generated NIfTI. */
export const SYNTHETIC_NIFTI = 'SYNTHETIC knee MRI generated from a radiograph; not a patient image';

/**
 * A generated slice as it is stored: 16-bit, 0 to 65535 for 0 to 1, as the patient's knee lies.
 * @param image 256 x 256 in [0, 1], looking like a right knee
 */
export function storedSlice(image: Float32Array, side: Side): Uint16Array {
  const pixels = Uint16Array.from(image, (value) => Math.round(Math.min(Math.max(value, 0), 1) * 65535));
  return side === 'LEFT' ? mirrorColumns(pixels, MODEL_SIZE) : pixels;
}

/** A stored slice back in [0, 1], looking like a right knee. */
export function canonicalSlice(pixels: Uint16Array, side: Side): Float32Array {
  const image = Float32Array.from(pixels, (value) => value / 65535);
  return side === 'LEFT' ? mirrorColumns(image, MODEL_SIZE) : image;
}

/** A volume of stored slices, posterior to anterior: 0.625 mm in plane, 73.5 mm / (s - 1) between slices. */
export function generatedVolume(slices: readonly Uint16Array[]): Volume {
  const data = new Uint16Array(slices.length * MODEL_SIZE * MODEL_SIZE);
  slices.forEach((slice, index) => data.set(slice, index * MODEL_SIZE * MODEL_SIZE));
  const spacing = [MODEL_SPACING_MM, MODEL_SPACING_MM, STACK_LENGTH_MM / (slices.length - 1)] as const;
  const affine = centredAffine('CORONAL', [MODEL_SIZE, MODEL_SIZE, slices.length], spacing);
  return { columns: MODEL_SIZE, rows: MODEL_SIZE, slices: slices.length, data, spacing, affine };
}
