import type { Generation } from '../../../../entities/index.js';
import type { GeneratingTask } from '../task.js';
import { seriesForCohort } from './cohort.js';
import { parametersIn, shownParameters } from './parameters.js';
import { recipeOf } from './recipe.js';
import { superResolveSeries } from './run.js';

/** Header of a DICOM file, and its name in the archive. */
const HEADER_BYTES = 8 * 1024;

/** Finer MRI series. One is made in one go: an attempt begins anew. */
export const superResolution: GeneratingTask = {
  bytesOf,
  parametersOf: (generation) => ({ ...shownParameters(generation), steps: generation.steps }),
  recipeOf,
  forCohort: seriesForCohort,
  run: superResolveSeries,
};

/** 16-bit voxels as NIfTI and once more as DICOM, uncompressible at worst. */
function bytesOf(generation: Generation): number {
  const { series, scale, throughPlane = 1 } = parametersIn(generation);
  if (!series) return 0;
  const voxels = series.rows * series.columns * scale ** 2 * series.slices * throughPlane;
  return Math.ceil(2 * 2.01 * voxels) + series.slices * throughPlane * HEADER_BYTES;
}
