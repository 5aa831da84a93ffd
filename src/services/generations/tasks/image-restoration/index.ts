import type { Generation } from '../../../../entities/index.js';
import type { GeneratingTask } from '../task.js';
import { filmsForCohort } from './cohort.js';
import { parametersIn } from './parameters.js';
import { recipeOf } from './recipe.js';
import { restoreRadiograph } from './run.js';

/** Pictures to look at, and headers. */
const PICTURES_BYTES = 24 * 1024 * 1024;

/** Restored films. One is made in one go: an attempt begins anew. */
export const restoration: GeneratingTask = {
  bytesOf,
  parametersOf: (generation) => ({
    ...parametersIn(generation),
    steps: generation.steps,
    seed: generation.seed,
  }),
  recipeOf,
  forCohort: filmsForCohort,
  run: restoreRadiograph,
};

/** 16-bit pixels as PNG and once more as DICOM, uncompressible at worst. */
function bytesOf(generation: Generation): number {
  const told = parametersIn(generation);
  const { rows, columns } = told.film ?? { rows: 0, columns: 0 };
  const factor = told.operation === 'UPSCALE' ? told.factor : 1;
  return Math.ceil(2 * 2.01 * rows * columns * factor ** 2) + PICTURES_BYTES;
}
