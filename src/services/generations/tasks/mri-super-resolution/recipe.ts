import type { Generation } from '../../../../entities/index.js';
import { decidedBy } from '../../attempts.js';
import type { MadeBy } from '../task.js';
import { shownParameters } from './parameters.js';

/** What decides every voxel of a finer series: the same recipe on the same device gives the same series. */
export function recipeOf(generation: Generation, bundle: MadeBy) {
  const { film: _, ...decided } = decidedBy(generation, bundle);
  const { series: __, ...told } = shownParameters(generation);
  return { ...decided, series: generation.origin?.series ?? null, ...told, steps: generation.steps };
}
