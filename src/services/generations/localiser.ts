import type { EntityManager } from 'typeorm';
import { compareVersions } from '../../domain/versions.js';
import { Bundle } from '../../entities/index.js';

/** The newest localiser that is registered, which finds the knee where a request does not say; undefined where there is none. */
export async function newestLocaliser(manager: EntityManager): Promise<Bundle | undefined> {
  const localisers = await manager.findBy(Bundle, { task: 'knee-localisation', state: 'READY' });
  return localisers.sort((a, b) => compareVersions(a.version, b.version)).at(-1);
}
