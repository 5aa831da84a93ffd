import { z } from 'zod';
import type { BundleManifest, Task } from '../tasks/index.js';
import { isTask, manifestSchemas, taskNamed } from '../tasks/index.js';
import type { CommonManifest, GraphSpec, GraphTensors } from '../manifest-parts.js';

/** The schema of any task's bundle.json. Prose keys are free-form inside; everything the platform computes with is strict. */
export const manifestSchema = z.discriminatedUnion(
  'task',
  manifestSchemas() as unknown as [z.ZodObject<{ task: z.ZodLiteral<Task> }>],
) as unknown as z.ZodType<BundleManifest<Task>>;

/** The task that a manifest names, if it is one of ours; for a manifest that nobody has checked yet. */
export function taskIn(text: string): Task | undefined {
  try {
    const { task } = JSON.parse(text) as { task?: unknown };
    return isTask(task) ? task : undefined;
  } catch {
    return undefined;
  }
}

/** Roles of the graphs that this manifest lists, in the order in which they run. */
export function rolesOf(manifest: BundleManifest<Task>): readonly string[] {
  const { graphs } = manifest as CommonManifest;
  return taskNamed(manifest.task).roles.filter((role) => graphs[role] !== undefined);
}

/** The graph of a role that the manifest lists. */
export function graphOf(manifest: BundleManifest<Task>, role: string): GraphSpec {
  return (manifest as CommonManifest).graphs[role]!;
}

/** What a bundle does unless a request says otherwise, for people. */
export function describeUse(manifest: BundleManifest<Task>): string {
  return taskNamed(manifest.task).summary(manifest as CommonManifest);
}

/** The tensors that each graph of this manifest must have, by role. */
export function requiredTensors(manifest: BundleManifest<Task>): Record<string, GraphTensors> {
  return taskNamed(manifest.task).tensors(manifest as CommonManifest) as Record<string, GraphTensors>;
}
