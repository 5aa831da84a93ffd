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
import { inpainting } from './mri-inpainting/index.js';
import { superResolution } from './mri-super-resolution/index.js';
import { recorded } from './mri-super-resolution/request.js';
import type { GeneratingTask } from './task.js';
import { progression } from './xray-progression/index.js';
import { volumes } from './xray-to-mri/index.js';

const TASKS: Partial<Record<Task, GeneratingTask>> = {
  'xray-to-mri': volumes,
  'image-restoration': restoration,
  'xray-progression': progression,
  'mri-super-resolution': superResolution,
  'mri-inpainting': inpainting,
};

/** Which task each part of a batch's request is told to. */
const PARTS = {
  restoration: 'image-restoration',
  progression: 'xray-progression',
  superResolution: 'mri-super-resolution',
} as const satisfies Partial<Record<keyof CohortRequest, Task>>;

/** What a task makes of a batch's request. @throws UserError BAD_USER_INPUT for one that makes nothing; as its `forCohort` */
export async function recipeForCohort(manager: EntityManager, request: CohortRequest): Promise<CohortRecipe> {
  const { task } = request;
  const forCohort = TASKS[task ?? 'xray-to-mri']?.forCohort;
  if (!forCohort) {
    const accepted = Object.entries(TASKS)
      .flatMap(([name, known]) => (known.forCohort ? [name] : []))
      .join(', ');
    throw new UserError('BAD_USER_INPUT', `The task ${task} makes nothing of a cohort; accepted: ${accepted}.`);
  }
  for (const [part, owner] of Object.entries(PARTS)) {
    if (request[part as keyof typeof PARTS] == null || task === owner) continue;
    const word = owner.toUpperCase().replaceAll('-', '_');
    throw new UserError('BAD_USER_INPUT', `${part} is told to the task ${word}; give task, too.`);
  }
  return forCohort(manager, request);
}

/** A request for a cohort as it is compared and audited: without what is long or said in confidence. @throws UserError FILE_REFUSED */
export function recordedForCohort<Request extends CohortRequest>(request: Request) {
  const { superResolution } = request;
  return { ...request, superResolution: superResolution && recorded(superResolution) };
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
