import { MODEL_SIZE } from '../../../../imaging/normalise.js';
import type { GeneratingTask } from '../task.js';
import { volumesForCohort } from './cohort.js';
import { recipeOf } from './provenance.js';
import { generateVolume } from './run.js';
import { settingsOf } from './settings.js';

/** MRI volumes. Slices that an attempt has stored stay: the next one computes what is missing. */
export const volumes: GeneratingTask = {
  /** Each slice of 16-bit pixels as PNG and once more in the volume, uncompressible at worst. */
  bytesOf: (generation) => 2 * settingsOf(generation).sliceCount * (2 * MODEL_SIZE ** 2 + 1024) + 4096,
  parametersOf(generation) {
    const { box, features, featureOverrides } = generation;
    return { ...settingsOf(generation), box, features, featureOverrides };
  },
  recipeOf,
  forCohort: volumesForCohort,
  run: generateVolume,
};
