/**
 * The registry of tasks: the one list that a new task is entered in. Each is a folder beside this file that knows of no other
 * (docs/tasks.md says how one is added).
 */
import type { z } from 'zod';
import { imageRestoration } from './image-restoration/index.js';
import { kneeDetection } from './knee-detection/index.js';
import { mriInpainting } from './mri-inpainting/index.js';
import { mriSuperResolution } from './mri-super-resolution/index.js';
import { radiographReading } from './radiograph-reading/index.js';
import type { TaskDefinition } from './task.js';
import { xrayProgression } from './xray-progression/index.js';
import { xrayToMri } from './xray-to-mri/index.js';

const TASKS = {
  'xray-to-mri': xrayToMri,
  'knee-detection': kneeDetection,
  'radiograph-reading': radiographReading,
  'image-restoration': imageRestoration,
  'xray-progression': xrayProgression,
  'mri-super-resolution': mriSuperResolution,
  'mri-inpainting': mriInpainting,
};

export type Task = keyof typeof TASKS;

/** Names of all tasks, for messages. */
export const TASK_NAMES = Object.keys(TASKS) as Task[];

type Parts<T extends Task> = T extends Task ? PartsOf<(typeof TASKS)[T]> : never;

type PartsOf<D> =
  D extends TaskDefinition<
    string,
    infer Role,
    infer Manifest,
    infer Request,
    infer Output,
    infer Progress,
    infer Result
  >
    ? { role: Role; manifest: Manifest; request: Request; output: Output; progress: Progress; result: Result }
    : never;

export type RoleOf<T extends Task> = Parts<T>['role'];
/** The manifest of a generator, or of the task named. */
export type BundleManifest<T extends Task = 'xray-to-mri'> = Parts<T>['manifest'];
export type RequestOf<T extends Task> = Parts<T>['request'];
export type OutputOf<T extends Task> = Parts<T>['output'];
export type ProgressOf<T extends Task> = Parts<T>['progress'];
export type ResultOf<T extends Task> = Parts<T>['result'];

/** A task by its name, its own types put aside: what the room needs in order to load and run any of them. */
export function taskNamed(name: Task): TaskDefinition {
  return TASKS[name] as unknown as TaskDefinition;
}

/** What a task does, in one sentence. */
export function taskPurpose(name: Task): string {
  return TASKS[name].purpose;
}

/** Whether there is a task of this name. */
export function isTask(name: unknown): name is Task {
  return typeof name === 'string' && Object.hasOwn(TASKS, name);
}

/** Schemas of every task's manifest. */
export function manifestSchemas(): readonly z.ZodType[] {
  return TASK_NAMES.map((name) => TASKS[name].manifest);
}
