import { type DataSource, type EntityManager, In, IsNull } from 'typeorm';
import { z } from 'zod';
import type { DicomSendingState } from '../../domain/dicom-sendings.js';
import { UserError } from '../../domain/errors.js';
import { DicomSending, queryRows } from '../../entities/index.js';
import { type Principal, seesEverybodys } from '../../policy/index.js';
import { advance, cancelWork } from '../../work/index.js';
import { audit } from '../access/index.js';
import { sightOf, VISIBLE, visibleTo } from '../dicom-objects/index.js';
import { enterSending } from './enter.js';
import { DICOM_SENDING } from './kind.js';
import { findPeer } from './peers.js';

/** What is to be sent, and where. */
export interface SendingRequest {
  /** Name of a peer. */
  peer: string;
  /** Generations that have succeeded, by their keys. */
  generations?: readonly string[] | null | undefined;
  /** Series by their Series Instance UIDs, as DICOMweb gives them: the only way to send what no bundle made. */
  seriesUids?: readonly string[] | null | undefined;
}

/** Images that one request may send. */
export const MAX_SENT = 1_000;

const RELATIONS = { peer: true, series: true, requestedBy: true } as const;

/**
 * Queues the DICOM objects of images for a peer, each image as a sending of its own.
 *
 * @throws UserError NOT_FOUND for a peer, a generation or a series that is not there or not the actor's to see; CONFLICT for a generation that has
 *   not succeeded; BAD_USER_INPUT
 */
export async function requestSendings(
  dataSource: DataSource,
  actor: Principal,
  { peer: name, generations, seriesUids }: SendingRequest,
): Promise<DicomSending[]> {
  const [made, named] = [[...new Set(generations ?? [])], [...new Set(seriesUids ?? [])]];
  const count = made.length + named.length;
  if (count < 1 || count > MAX_SENT) {
    throw new UserError(
      'BAD_USER_INPUT',
      `1 to ${MAX_SENT} generations and series can be sent at a time, got ${count}.`,
    );
  }
  return dataSource.transaction(async (manager) => {
    const peer = await findPeer(manager, name);
    const images = [...(await imagesMade(manager, actor, made)), ...(await imagesNamed(manager, actor, named))];
    const ids: number[] = [];
    for (const seriesId of new Set(images)) {
      ids.push(await enterSending(manager, { seriesId, peerId: peer.id, requestedById: actor.tokenId }));
    }
    const detail = {
      peer: name,
      address: `${peer.aeTitle}@${peer.host}:${peer.port}`,
      generations: made,
      series: named,
    };
    await audit(manager, { tokenId: actor.tokenId, action: 'sendDicom', target: ids.join(','), detail });
    return findSendings(manager, actor, ids);
  });
}

const MADE = z.object({ generationId: z.string(), state: z.string(), seriesId: z.number().nullable() });

async function imagesMade(manager: EntityManager, actor: Principal, ids: readonly string[]): Promise<number[]> {
  const found = await queryRows(
    manager,
    MADE,
    `SELECT g.id AS "generationId", g.state, d.id AS "seriesId"
     FROM generation g LEFT JOIN dicom_series d ON d.generation_id = g.id LEFT JOIN uploaded_radiograph u ON u.id = g.upload_id
     WHERE g.id = ANY($3::uuid[]) AND (u.id IS NULL OR $1::boolean OR u.owner_id = $2::integer)`,
    [...sightOf(actor), ids],
  );
  const byId = new Map(found.map((row) => [row.generationId, row]));
  return ids.map((id) => {
    const row = byId.get(id);
    if (!row) throw new UserError('NOT_FOUND', 'There is no such generation.');
    const { state, seriesId } = row;
    if (seriesId !== null) return seriesId;
    throw new UserError('CONFLICT', `A generation is ${state}; only what has SUCCEEDED can be sent.`);
  });
}

async function imagesNamed(manager: EntityManager, actor: Principal, uids: readonly string[]): Promise<number[]> {
  const found = await queryRows(
    manager,
    z.object({ id: z.number(), uid: z.string() }),
    `SELECT d.id, d.series_uid AS uid ${VISIBLE} WHERE ${visibleTo('$1', '$2')} AND d.series_uid = ANY($3::text[]) ORDER BY d.id`,
    [...sightOf(actor), uids],
  );
  return uids.flatMap((uid) => {
    const ids = found.filter((row) => row.uid === uid).map(({ id }) => id);
    if (ids.length === 0) throw new UserError('NOT_FOUND', `There is no series ${uid} in the list of DICOM objects.`);
    return ids;
  });
}

/** The sendings of the principal, or, for administrators, of everybody; the newest first. @param state only these */
export function listSendings(
  dataSource: DataSource,
  principal: Pick<Principal, 'tokenId' | 'role'>,
  { state, limit }: { state: DicomSendingState | null; limit: number },
): Promise<DicomSending[]> {
  const own = seesEverybodys(principal) ? {} : { requestedById: principal.tokenId ?? IsNull() };
  return dataSource.getRepository(DicomSending).find({
    where: { ...own, ...(state === null ? {} : { state }) },
    relations: RELATIONS,
    order: { id: 'DESC' },
    take: limit,
  });
}

/**
 * A sending that the principal asked for; administrators find everybody's.
 *
 * @throws UserError NOT_FOUND also for somebody else's
 */
export async function findSending(
  database: DataSource | EntityManager,
  principal: Pick<Principal, 'tokenId' | 'role'>,
  id: number,
): Promise<DicomSending> {
  const [row] = await findSendings(database, principal, [id]);
  return row!;
}

/**
 * Several such sendings, in the order in which they were entered.
 *
 * @throws UserError NOT_FOUND unless all are there and the principal's to see
 */
export async function findSendings(
  database: DataSource | EntityManager,
  principal: Pick<Principal, 'tokenId' | 'role'>,
  ids: readonly number[],
): Promise<DicomSending[]> {
  const rows = await database.getRepository(DicomSending).find({
    where: { id: In(ids) },
    relations: RELATIONS,
    order: { id: 'ASC' },
  });
  const own = rows.filter((row) => row.requestedById === principal.tokenId || seesEverybodys(principal));
  if (own.length < ids.length) throw new UserError('NOT_FOUND', 'There is no such sending.');
  return own;
}

/**
 * Stops a sending, waiting or running; what the peer has stays there.
 *
 * @throws UserError NOT_FOUND
 */
export async function cancelSending(dataSource: DataSource, actor: Principal, id: number): Promise<DicomSending> {
  return dataSource.transaction(async (manager) => {
    await findSending(manager, actor, id);
    await cancelWork(manager, DICOM_SENDING, id);
    await audit(manager, { tokenId: actor.tokenId, action: 'cancelDicomSending', target: String(id) });
    return findSending(manager, actor, id);
  });
}

/**
 * Queues a failed or canceled sending anew; it goes on behind what the peer has.
 *
 * @throws UserError NOT_FOUND, CONFLICT when it has succeeded or is still going
 */
export async function retrySending(dataSource: DataSource, actor: Principal, id: number): Promise<DicomSending> {
  return dataSource.transaction(async (manager) => {
    const { state, attempt } = await findSending(manager, actor, id);
    const seen = { id, state, attempt };
    const isOver = state === 'FAILED' || state === 'CANCELED';
    const message = 'It was asked for again.';
    if (!isOver || (await advance(manager, DICOM_SENDING, seen, { to: 'QUEUED', message })) === undefined) {
      throw new UserError('CONFLICT', `The sending is ${state}; only a FAILED or CANCELED one can be retried.`);
    }
    await audit(manager, { tokenId: actor.tokenId, action: 'retryDicomSending', target: String(id) });
    return findSending(manager, actor, id);
  });
}
