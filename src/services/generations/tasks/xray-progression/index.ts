import type { Generation } from '../../../../entities/index.js';
import type { GeneratingTask } from '../task.js';
import { kneesForCohort } from './cohort.js';
import { parametersIn } from './parameters.js';
import { recipeOf } from './recipe.js';
import { generateProgression } from './run.js';

/** Moving pictures, curve, table and headers, and of each frame two pictures to look at. */
const PICTURES_BYTES = 24 * 1024 * 1024;
const PREVIEW_BYTES = 5 * 1024 * 1024;

/** The side of a knee's square where nobody knows the film's size, pixels. */
const USUAL_SIDE = 1024;

/** Knees at other grades, frame by frame. Frames that an earlier attempt has announced are not announced again. */
export const progression: GeneratingTask = {
  bytesOf,
  parametersOf: (generation) => ({ ...parametersIn(generation) }),
  recipeOf,
  forCohort: kneesForCohort,
  run: generateProgression,
};

/** 16-bit pixels of every frame as PNG and once more in the DICOM object, uncompressible at worst. */
function bytesOf(generation: Generation): number {
  const { frameCount, film } = parametersIn(generation);
  const side = generation.box?.side ?? (film ? Math.min(film.rows, film.columns) : USUAL_SIDE);
  return Math.ceil(frameCount * (2 * 2.01 * side ** 2 + PREVIEW_BYTES)) + PICTURES_BYTES;
}
