import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRows } from '../../entities/index.js';
import { pseudonymousUid } from '../../imaging/deidentification/index.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { refuseFile } from '../../imaging/refuse.js';
import { uidKey } from '../access/index.js';
import type { Settled } from './identity.js';

/** An image that came over the network, where nobody looked at it. */
export interface Arrival {
  /** What messages call its objects: their own names may name a patient. */
  name: string;
  /** By which door and from whom, e.g. "DICOMweb: operator"; it stands in the quarantine and as who imported. */
  from: string;
  /** What contradicts before its header is looked at; to complete "it says that ...". */
  doubt: string | null;
}

/**
 * Whether the objects of an image that came over the network are kept already: then they stay as they are, so that whoever was told their UIDs
 * finds them. An image from elsewhere keeps the objects that it comes as.
 *
 * @param headers of the objects that came
 * @throws UserError CONFLICT where the image is kept as other objects, FILE_REFUSED where the objects are only some of those that are kept
 */
export async function isKept(
  manager: EntityManager,
  owner: { radiographId: number } | { seriesId: number },
  { is, sourceUid }: Pick<Settled, 'is'> & { sourceUid: string | null },
  headers: readonly DicomAttributes[],
  arrival: Arrival | undefined,
): Promise<boolean> {
  if (!arrival) return false;
  const [table, column, id] =
    'radiographId' in owner
      ? ['radiograph', 'radiograph_id', owner.radiographId]
      : ['mri_series', 'series_id', owner.seriesId];
  const kept = await queryRows(
    manager,
    z.object({ id: z.number(), instanceUids: z.array(z.string()) }),
    `SELECT i.id, o.instance_uids AS "instanceUids" FROM ${table} i JOIN original_object o ON o.${column} = i.id
     WHERE i.id = $1 OR i.source_uid = $2`,
    [id, sourceUid],
  );
  const key = await uidKey(manager);
  const came = new Set(headers.map(({ sopInstanceUid }) => pseudonymousUid(key, sopInstanceUid ?? '')));
  const lacking = (uids: readonly string[]) => uids.filter((uid) => !came.has(uid)).length;
  if (is === 'known') {
    const own = kept.find((one) => one.id === id);
    if (!own) return false;
    if (lacking(own.instanceUids) === 0) return true;
    throw new UserError('CONFLICT', 'The pixels are kept already, as other objects of the participant.');
  }
  for (const { instanceUids } of kept) {
    const missing = lacking(instanceUids);
    if (missing === 0) continue;
    refuseFile(
      arrival.name,
      `lacks ${missing} of the ${instanceUids.length} objects that are kept of it; send the series whole`,
    );
  }
  return false;
}
