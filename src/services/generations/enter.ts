import type { EntityManager } from 'typeorm';
import { Generation } from '../../entities/index.js';
import { currentTraceparent, enterLog, type Seen } from '../../work/index.js';
import type { GenerationState } from '../../domain/generations.js';
import { GENERATION } from './kind.js';

/** What a request decides. */
export type NewGeneration = Pick<
  Generation,
  'id' | 'examId' | 'radiographId' | 'bundleId' | 'steps' | 'seed' | 'clientKey' | 'requestedById'
> &
  Partial<
    Pick<
      Generation,
      | 'uploadId'
      | 'sourceSeriesId'
      | 'side'
      | 'box'
      | 'key'
      | 'priority'
      | 'request'
      | 'task'
      | 'parameters'
      | 'sliceCount'
      | 'sampler'
      | 'eta'
      | 'noise'
      | 'features'
      | 'featureOverrides'
    >
  >;

/** Enters a new generation: its row in state QUEUED and the first line of its log. Call it in a transaction. */
export async function enter(
  manager: EntityManager,
  generation: NewGeneration,
): Promise<Seen<GenerationState> & { id: string }> {
  await manager.insert(Generation, { traceparent: currentTraceparent(), ...generation, state: 'QUEUED' } as object);
  return { ...(await enterLog(manager, GENERATION, generation.id)), id: generation.id };
}
