import type { Generation } from '../../entities/index.js';
import { recordOf } from './attempts.js';
import { taskOf } from './tasks/index.js';
import type { MadeBy } from './tasks/task.js';

/** Everything that is known of where the result of a generation comes from. */
export function provenanceOf(generation: Generation, bundle: MadeBy) {
  return recordOf(generation, taskOf(generation).recipeOf(generation, bundle));
}

export type Provenance = ReturnType<typeof provenanceOf>;
