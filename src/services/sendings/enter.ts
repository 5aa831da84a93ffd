import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { DicomSending, type DicomSendOrder, Generation, queryRows } from '../../entities/index.js';
import { enterLog } from '../../work/index.js';
import { audit } from '../access/index.js';
import { DICOM_SENDING } from './kind.js';

/** What decides a sending. */
export type NewSending = Pick<DicomSending, 'peerId' | 'seriesId' | 'requestedById'>;

/** Enters a sending: its row in state QUEUED and the first line of its log. Call it in a transaction. */
export async function enterSending(manager: EntityManager, sending: NewSending): Promise<number> {
  const { id } = await manager.save(manager.create(DicomSending, { ...sending, state: 'QUEUED' }));
  await enterLog(manager, DICOM_SENDING, id);
  return id;
}

/**
 * Has what a generation makes sent to a peer: now where it is made, else as soon as it is. Asking twice sends once.
 *
 * @param manager of a transaction
 */
export async function orderSending(
  manager: EntityManager,
  order: Pick<DicomSendOrder, 'generationId' | 'peerId' | 'requestedById'>,
): Promise<void> {
  // Whoever makes it succeed waits for this row, and then finds the order.
  const generation = await manager.findOne(Generation, {
    where: { id: order.generationId },
    lock: { mode: 'pessimistic_write' },
  });
  if (!generation) return;
  const known = await queryRows(
    manager,
    z.object({ id: z.number() }),
    `SELECT s.id FROM dicom_sending s JOIN dicom_series d ON d.id = s.series_id WHERE d.generation_id = $1 AND s.peer_id = $2 LIMIT 1`,
    [order.generationId, order.peerId],
  );
  if (known.length > 0) return;
  await manager.query(
    'INSERT INTO dicom_send_order (generation_id, peer_id, requested_by_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [order.generationId, order.peerId, order.requestedById],
  );
  if (generation.state === 'SUCCEEDED') await sendWhatIsMade(manager, order.generationId);
}

const DUE = z.object({
  peerId: z.number(),
  peer: z.string(),
  address: z.string(),
  requestedById: z.number().nullable(),
  seriesId: z.number(),
});

/** Queues what was to be sent of a generation that has just succeeded, in the transaction that makes it so. */
export async function sendWhatIsMade(manager: EntityManager, generationId: string): Promise<void> {
  const due = await queryRows(
    manager,
    DUE,
    `WITH due AS (DELETE FROM dicom_send_order WHERE generation_id = $1 RETURNING peer_id, requested_by_id)
     SELECT p.id AS "peerId", p.name AS peer, p.ae_title || '@' || p.host || ':' || p.port AS address, due.requested_by_id AS "requestedById", d.id AS "seriesId"
     FROM due JOIN dicom_peer p ON p.id = due.peer_id JOIN dicom_series d ON d.generation_id = $1 ORDER BY p.id`,
    [generationId],
  );
  for (const { peer, address, ...sending } of due) {
    const id = await enterSending(manager, sending);
    const detail = { peer, address, generations: [generationId] };
    await audit(manager, { tokenId: sending.requestedById, action: 'sendDicom', target: String(id), detail });
  }
}
