import type { Generation } from '../../entities/index.js';
import type { SlotResources } from '../../scheduling/index.js';
import type { RunContext } from '../../work/index.js';
import type { GenerationEventBody } from './events.js';
import { taskOf } from './tasks/index.js';
import type { GenerationCompletion } from './tasks/task.js';
import { AttemptTelemetry } from './telemetry.js';

/** One attempt at a generation: its model is loaded, and the task does the rest. */
export async function runGeneration({
  row: generation,
  resources,
  claimSeconds,
  onEnd,
  ...context
}: RunContext<Generation, GenerationEventBody, SlotResources>): Promise<GenerationCompletion> {
  const task = taskOf(generation);
  // That a quota leaves no room fails it, before anything is computed.
  await resources.store.requireRoom(task.bytesOf(generation));
  const telemetry = new AttemptTelemetry(generation, claimSeconds);
  onEnd((outcome, cause) => telemetry.end(outcome, cause));
  const { traceId } = telemetry;
  if (traceId !== undefined) context.logger.info({ generation: generation.id, traceId }, 'a generation is traced');
  const bundleDir = await telemetry.part('load', () => resources.slot.load(generation.bundle));
  return task.run({ ...resources, ...context, telemetry, generation, bundleDir });
}
