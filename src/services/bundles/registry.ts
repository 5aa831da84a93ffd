import { basename, dirname, relative, resolve } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { compareVersions } from '../../domain/versions.js';
import { Bundle, Generation } from '../../entities/index.js';
import { type BundleListing, type BundleManifest, listBundles, type Task } from '../../inference/index.js';

/** Lets one process at a time compare the folder with the table. Any number, the same in every process. */
const REGISTRATION_LOCK = 4_796_020;

/**
 * Makes the table of bundles agree with a models folder: new ones are entered, READY or REFUSED with the reason; a known one
 * whose files are missing or no longer valid is REFUSED. A bundle that generations were made with never changes under its
 * version: other files under the same name are refused, and what was registered stays on record. A retired one stays as it is.
 *
 * @returns the bundles of the folder, as they are now registered
 */
export async function registerBundles(dataSource: DataSource, modelsDir: string): Promise<Bundle[]> {
  const listings = await listBundles(modelsDir);
  return dataSource.transaction(async (manager) => {
    await takeRegister(manager);
    const registered: Bundle[] = [];
    for (const listing of listings) registered.push(await register(manager, listing));
    await refuseMissing(manager, resolve(modelsDir), listings);
    return registered;
  });
}

/**
 * The bundle that a request names as `name` (its highest version) or `name@version`; without a name, the highest version of the
 * bundle of the task that was registered last.
 *
 * @throws UserError NOT_FOUND, or BUNDLE_REFUSED with the reason for which it cannot be used
 */
export async function chooseReadyBundle(
  manager: EntityManager,
  choice?: string | null,
  task: Task = 'xray-to-mri',
): Promise<Bundle> {
  const bundles = await manager.find(Bundle, { where: { task }, order: { id: 'DESC' } });
  const ready = bundles.filter(({ state }) => state === 'READY');
  const [name = ready[0]?.name, version] = choice ? choice.split('@', 2) : [];
  const named = bundles.filter((bundle) => bundle.name === name && (version ?? bundle.version) === bundle.version);
  const newest = named
    .filter(({ state }) => state === 'READY')
    .sort(byVersion)
    .at(-1);
  if (newest) return newest;
  const refused = named.sort(byVersion).at(-1);
  if (refused) throw new UserError('BUNDLE_REFUSED', refused.refusal ?? `The bundle ${name} cannot be used.`);
  const known = ready.map((bundle) => `${bundle.name}@${bundle.version}`).join(', ') || 'none';
  throw new UserError('NOT_FOUND', choice ? `There is no bundle ${choice}; ready: ${known}.` : 'No bundle is ready.');
}

/** The manifest of a READY bundle: it was checked when it was registered. */
export function manifestOf(bundle: Bundle): BundleManifest;
export function manifestOf<T extends Task>(bundle: Bundle, task: T): BundleManifest<T>;
export function manifestOf(bundle: Bundle): BundleManifest<Task> {
  return bundle.manifest as unknown as BundleManifest<Task>;
}

/** Makes the transaction the only one that changes the register, until it ends. */
export async function takeRegister(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1)', [REGISTRATION_LOCK]);
}

async function register(manager: EntityManager, listing: BundleListing): Promise<Bundle> {
  const directory = listing.dir;
  const name = basename(dirname(directory));
  const version = basename(directory);
  const known = await manager.findOneBy(Bundle, { name, version });
  if (known?.state === 'RETIRED') return known;
  if ('refusal' in listing) {
    // One whose task cannot be told is looked for where people look first.
    const task = listing.task ?? 'xray-to-mri';
    const record = known ?? manager.create(Bundle, { name, version, task, manifest: {}, sha256: '' });
    return manager.save(
      manager.merge(Bundle, record, { directory, state: 'REFUSED', refusal: listing.refusal.message }),
    );
  }
  const { manifest, sha256, bytes } = listing.bundle;
  if (known && known.sha256 !== sha256 && (await manager.existsBy(Generation, { bundleId: known.id }))) {
    const refusal = `The bundle in ${directory} is refused: generations were made with other files under ${name} ${version}; give it a new version.`;
    return manager.save(manager.merge(Bundle, known, { directory, state: 'REFUSED', refusal }));
  }
  const record = known ?? manager.create(Bundle, { name, version });
  Object.assign(record, { task: manifest.task, manifest, sha256, bytes, directory, state: 'READY', refusal: null });
  return manager.save(record);
}

/** Refuses READY bundles that were registered from this folder and are not there any more. */
async function refuseMissing(
  manager: EntityManager,
  modelsDir: string,
  listings: readonly BundleListing[],
): Promise<void> {
  const present = new Set(listings.map(({ dir }) => dir));
  for (const bundle of await manager.findBy(Bundle, { state: 'READY' })) {
    const inside = !relative(modelsDir, bundle.directory).startsWith('..');
    if (!inside || present.has(bundle.directory)) continue;
    const refusal = `The bundle in ${bundle.directory} is refused: its folder is gone.`;
    await manager.save(manager.merge(Bundle, bundle, { state: 'REFUSED', refusal }));
  }
}

function byVersion(a: Bundle, b: Bundle): number {
  return compareVersions(a.version, b.version);
}
