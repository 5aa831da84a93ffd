import type { EntityManager } from 'typeorm';
import { compareVersions } from '../../domain/versions.js';
import { Bundle } from '../../entities/index.js';

/** The newest knee detector that is registered, which finds the knee where a request does not say; undefined where there is none. */
export async function newestKneeDetector(manager: EntityManager): Promise<Bundle | undefined> {
  const kneeDetectors = await manager.findBy(Bundle, { task: 'knee-detection', state: 'READY' });
  return kneeDetectors.sort((a, b) => compareVersions(a.version, b.version)).at(-1);
}
