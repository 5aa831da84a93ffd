import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { DicomAddress } from '../../domain/dicom-sendings.js';
import { ArrivalRule, databaseFault, DicomPeer, DicomSending, sqlState } from '../../entities/index.js';
import type { Principal } from '../../policy/index.js';
import { audit } from '../access/index.js';

/** A peer before it is added. */
export interface NewPeer extends DicomAddress {
  name: string;
  callingAeTitle: string;
  tls: boolean;
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

/** PostgreSQL's code of a second row of one key. */
const TAKEN = '23505';

/** @throws UserError BAD_USER_INPUT, CONFLICT for a name that is taken */
export async function addPeer(dataSource: DataSource, actor: Principal, peer: NewPeer): Promise<DicomPeer> {
  if (!NAME.test(peer.name)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${JSON.stringify(peer.name)} is no name of a peer: 1 to 64 letters, digits, blanks, dots, dashes, beginning with a letter or digit.`,
    );
  }
  try {
    return await dataSource.transaction(async (manager) => {
      const { name, aeTitle, host, port, callingAeTitle, tls } = peer;
      const row = await manager.save(manager.create(DicomPeer, { name, aeTitle, host, port, callingAeTitle, tls }));
      const detail = { aeTitle, host, port, tls };
      await audit(manager, { tokenId: actor.tokenId, action: 'addDicomPeer', target: name, detail });
      return row;
    });
  } catch (error) {
    if (databaseFault(error) || sqlState(error) !== TAKEN) throw error;
    throw new UserError('CONFLICT', `There is a peer "${peer.name}" already.`, { cause: error });
  }
}

/** All peers, by name. */
export function listPeers(dataSource: DataSource): Promise<DicomPeer[]> {
  return dataSource.getRepository(DicomPeer).find({ order: { name: 'ASC' } });
}

/** @throws UserError NOT_FOUND */
export async function findPeer(database: DataSource | EntityManager, name: string): Promise<DicomPeer> {
  const peer = await database.getRepository(DicomPeer).findOneBy({ name });
  if (!peer) throw new UserError('NOT_FOUND', `There is no peer ${JSON.stringify(name)}.`);
  return peer;
}

/**
 * Removes a peer with the list of what was sent to it; the audit keeps that.
 *
 * @throws UserError NOT_FOUND; CONFLICT while something is on its way to it, or a rule sends there
 */
export async function removePeer(dataSource: DataSource, actor: Principal, name: string): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const { id } = await findPeer(manager, name);
    await manager.query('SELECT id FROM dicom_peer WHERE id = $1 FOR UPDATE', [id]);
    const rule = await manager.findOneBy(ArrivalRule, { sendToId: id });
    if (rule) throw new UserError('CONFLICT', `The arrival rule ${rule.id} sends to "${name}"; remove it first.`);
    const unfinished = await manager.count(DicomSending, {
      where: [
        { peerId: id, state: 'QUEUED' },
        { peerId: id, state: 'RUNNING' },
      ],
    });
    if (unfinished > 0) {
      throw new UserError('CONFLICT', `${unfinished} sendings to "${name}" are not over; cancel them first.`);
    }
    await manager.delete(DicomPeer, { id });
    await audit(manager, { tokenId: actor.tokenId, action: 'removeDicomPeer', target: name });
  });
}
