import type { Generation } from '../../../../entities/index.js';
import { decidedBy } from '../../attempts.js';
import type { MadeBy } from '../task.js';
import { parametersIn } from './parameters.js';

/** What decides every pixel of a restored film: the same recipe on the same device gives the same film. */
export function recipeOf(generation: Generation, bundle: MadeBy) {
  const { steps, seed, origin } = generation;
  const { film: _, ...told } = parametersIn(generation);
  return {
    ...decidedBy(generation, bundle),
    ...told,
    mask: origin?.mask ?? null,
    steps,
    seed,
  };
}
