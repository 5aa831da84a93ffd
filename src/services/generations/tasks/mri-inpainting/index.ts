import type { Generation } from '../../../../entities/index.js';
import type { GeneratingTask } from '../task.js';
import { parametersIn } from './parameters.js';
import { recipeOf } from './recipe.js';
import { inpaintSeries } from './run.js';

/** Header of a DICOM file, and its name in the archive. */
const HEADER_BYTES = 8 * 1024;

/** Series with hidden places filled in. One is made in one go: an attempt begins anew. */
export const inpainting: GeneratingTask = {
  bytesOf,
  parametersOf: (generation) => ({ ...parametersIn(generation), steps: generation.steps }),
  recipeOf,
  forCohort: null,
  run: inpaintSeries,
};

/** Voxels of at most 32 bits as NIfTI and of 16 as DICOM, uncompressible at worst. */
function bytesOf(generation: Generation): number {
  const { series } = parametersIn(generation);
  if (!series) return 0;
  return Math.ceil(6.03 * series.rows * series.columns * series.slices) + series.slices * HEADER_BYTES;
}
