/**
 * The tasks whose results are generations: the one list that a new one is entered in. Each is a folder beside this file that knows of no
 * other (docs/tasks.md says how one is added).
 */
import type { EntityManager } from 'typeorm';
import { UserError } from '../../../domain/errors.js';
import type { Generation } from '../../../entities/index.js';
import type { Task } from '../../../inference/index.js';
import type { CohortRecipe, CohortRequest } from './cohort.js';
import { restoration } from './image-restoration/index.js';
import type { GeneratingTask } from './task.js';
import { volumes } from './xray-to-mri/index.js';

const TASKS: Partial<Record<Task, GeneratingTask>> = {
  'xray-to-mri': volumes,
  'image-restoration': restoration,
};

/** What a task makes of a batch's request. @throws UserError BAD_USER_INPUT for one that makes nothing; as its `forCohort` */
export async function recipeForCohort(manager: EntityManager, request: CohortRequest): Promise<CohortRecipe> {
  const { task } = request;
  const known = TASKS[task ?? 'xray-to-mri'];
  if (known) return known.forCohort(manager, request);
  const accepted = Object.keys(TASKS).join(', ');
  throw new UserError('BAD_USER_INPUT', `The task ${task} makes nothing of a cohort; accepted: ${accepted}.`);
}

/** The task of a generation. @throws Error for one that this version does not know */
export function taskOf({ id, task }: Pick<Generation, 'id' | 'task'>): GeneratingTask {
  const known = Object.entries(TASKS).find(([name]) => name === task)?.[1];
  if (!known) throw new Error(`Generation ${id} is of the task ${task}, which makes no generations here.`);
  return known;
}

/** What a generation was told, defaults filled in, and what it has found for itself: in the words of the API. */
export function parametersOf(generation: Generation): Readonly<Record<string, unknown>> {
  return taskOf(generation).parametersOf(generation);
}
