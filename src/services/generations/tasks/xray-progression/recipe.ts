import type { Generation } from '../../../../entities/index.js';
import { decidedBy } from '../../attempts.js';
import type { MadeBy } from '../task.js';
import { parametersIn } from './parameters.js';

/** What decides every pixel of every frame: the same recipe on the same device gives the same frames. */
export function recipeOf(generation: Generation, bundle: MadeBy) {
  const { targetKl, compartment, frameCount, ownKl, grader } = parametersIn(generation);
  const { box, origin } = generation;
  return {
    ...decidedBy(generation, bundle),
    ...{ targetKl, compartment, frameCount, ownKl, grader, box },
    kneeDetector: origin?.kneeDetector ?? null,
  };
}
