import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { Bundle } from '../../entities/index.js';
import { readBundle } from '../../inference/index.js';
import type { Principal } from '../../policy/index.js';
import { audit } from '../access/index.js';
import { takeRegister } from './registry.js';

/**
 * Takes a bundle out of use: nothing new is made with it, whether its files are there or not. What was made with it stays, and what
 * was asked for already is still made. Retiring a retired one changes nothing.
 *
 * @throws UserError NOT_FOUND
 */
export function retireBundle(
  dataSource: DataSource,
  principal: Pick<Principal, 'tokenId'>,
  id: number,
): Promise<Bundle> {
  return change(dataSource, principal, 'retireBundle', id, ({ name, version }) => ({
    state: 'RETIRED',
    refusal: `The bundle ${name}@${version} was retired; nothing new is made with it.`,
  }));
}

/**
 * Takes a retired bundle into use again, if its files are still what they were; otherwise it is REFUSED with the reason. One that is
 * not retired stays as it is.
 *
 * @throws UserError NOT_FOUND
 */
export function reinstateBundle(
  dataSource: DataSource,
  principal: Pick<Principal, 'tokenId'>,
  id: number,
): Promise<Bundle> {
  return change(dataSource, principal, 'reinstateBundle', id, async (bundle) => {
    if (bundle.state !== 'RETIRED') return {};
    const fault = await faultOf(bundle);
    return fault === undefined ? { state: 'READY', refusal: null } : { state: 'REFUSED', refusal: fault };
  });
}

/** Why the files of a bundle cannot be used; undefined where they can. */
async function faultOf({ directory, sha256 }: Bundle): Promise<string | undefined> {
  try {
    const found = await readBundle(directory);
    return found.sha256 === sha256 ? undefined : `The files in ${directory} are not those that were registered.`;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function change(
  dataSource: DataSource,
  { tokenId }: Pick<Principal, 'tokenId'>,
  action: string,
  id: number,
  changes: (bundle: Bundle) => Partial<Bundle> | Promise<Partial<Bundle>>,
): Promise<Bundle> {
  return dataSource.transaction(async (manager) => {
    await takeRegister(manager);
    const bundle = await manager.findOneBy(Bundle, { id });
    if (!bundle) throw new UserError('NOT_FOUND', 'There is no such bundle.');
    await audit(manager, { tokenId, action, target: `${bundle.name}@${bundle.version}` });
    return manager.save(Object.assign(bundle, await changes(bundle)));
  });
}
