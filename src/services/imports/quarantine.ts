import { type DataSource, type EntityManager, In } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { QUARANTINE_REASON, type QuarantineState } from '../../domain/quarantine.js';
import { QuarantinedImage } from '../../entities/index.js';
import { contradictionsOf, type TakenFor } from '../../imaging/contradictions.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import type { Principal } from '../../policy/index.js';
import { audit } from '../access/index.js';

/** An image that is about to be written. */
export interface Candidate extends TakenFor {
  /** What messages call it. */
  file: string;
  /** What is kept of that; the same where it is left out. */
  listedAs?: string;
  oaiId: string;
  visit: string;
  contentSha256: string;
  /** What else contradicts, known before the header was read; to complete "FILE says that ...". */
  doubt?: string | null;
}

/** What an image from the network is that somebody has already. It cannot be accepted: nothing moves an image to another owner. */
export const OTHERS = {
  PARTICIPANT: 'it is the image that another participant has already',
  EXAM: 'it is the image that another visit or knee of the participant has already',
} as const;

/** Headers that contradict what their file is taken for; kept by {@link keepingContradictions} once the import of the file is taken back. */
export class Contradiction extends UserError {
  constructor(readonly candidate: Candidate & { contradictions: readonly string[] }) {
    const { file, contradictions } = candidate;
    super('FILE_REFUSED', `${says(file, contradictions)}; it waits in quarantine ("osteograph quarantine").`);
  }
}

/**
 * Lets an image pass whose headers contradict nothing, or of whose contradictions somebody has accepted each.
 *
 * @throws Contradiction, or UserError FILE_REFUSED where somebody has rejected it
 */
export async function requireConsistent(
  manager: EntityManager,
  headers: readonly DicomAttributes[],
  candidate: Candidate,
): Promise<void> {
  const inHeaders = headers.flatMap((header) => contradictionsOf(header, candidate));
  const { doubt } = candidate;
  await requireAccepted(manager, candidate, typeof doubt === 'string' ? [doubt, ...inHeaders] : inHeaders);
}

/** Lets an image pass that contradicts so, where somebody has accepted each; @throws as {@link requireConsistent} */
export async function requireAccepted(
  manager: EntityManager,
  candidate: Candidate,
  stated: readonly string[],
): Promise<void> {
  const found = [...new Set(stated)];
  if (found.length === 0) return;
  const { contentSha256, oaiId, visit, file } = candidate;
  const known = await manager.findBy(QuarantinedImage, { contentSha256, oaiId, visit, contradiction: In(found) });
  const rejected = known.find(({ state }) => state === 'REJECTED');
  if (rejected) {
    const why = rejected.reason?.replace(/\.$/, '');
    throw new UserError('FILE_REFUSED', `${says(file, [rejected.contradiction])}; it was rejected: ${why}.`);
  }
  const accepted = new Set(known.flatMap((one) => (one.state === 'ACCEPTED' ? [one.contradiction] : [])));
  const contradictions = found.filter((one) => !accepted.has(one));
  if (contradictions.length > 0) throw new Contradiction({ ...candidate, contradictions });
}

function says(file: string, contradictions: readonly string[]): string {
  return `${file} says that ${contradictions.join(', and that ')}`;
}

/** Does an import, and keeps what it stumbled over, though the rest of it is taken back. */
export async function keepingContradictions<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Contradiction) {
      const { kind, contentSha256, oaiId, visit, side, file, listedAs = file, contradictions } = error.candidate;
      const image = { kind, contentSha256, oaiId, visit, side, file: listedAs };
      const rows = contradictions.map((contradiction) => ({ ...image, contradiction }));
      await dataSource.createQueryBuilder().insert().into(QuarantinedImage).values(rows).orIgnore().execute();
    }
    throw error;
  }
}

/** Images in quarantine, the newest first. */
export async function listQuarantine(
  dataSource: DataSource,
  { state, limit }: { state: QuarantineState | null; limit: number },
): Promise<QuarantinedImage[]> {
  return dataSource.getRepository(QuarantinedImage).find({
    where: state === null ? {} : { state },
    relations: { resolvedBy: true },
    order: { id: 'DESC' },
    take: limit,
  });
}

/** Removes what waits, or was decided, of a participant. @returns how many */
export async function forgetQuarantined(manager: EntityManager, oaiId: string): Promise<number> {
  return (await manager.delete(QuarantinedImage, { oaiId })).affected ?? 0;
}

/** @throws UserError NOT_FOUND */
export async function findQuarantined(database: DataSource | EntityManager, id: number): Promise<QuarantinedImage> {
  const repository = database.getRepository(QuarantinedImage);
  const found = await repository.findOne({ where: { id }, relations: { resolvedBy: true } });
  if (!found) throw new UserError('NOT_FOUND', `No image ${id} is in quarantine.`);
  return found;
}

/**
 * Accepts what contradicts an image, so that the next import takes it if nothing else does, or rejects it for good. A decision may be changed
 * until the image is imported.
 *
 * @throws UserError NOT_FOUND; BAD_USER_INPUT without a reason of 3 to 500 characters; CONFLICT for accepting what somebody else has
 */
export async function resolveQuarantined(
  dataSource: DataSource,
  { tokenId }: Pick<Principal, 'tokenId'>,
  id: number,
  { state, reason }: { state: Exclude<QuarantineState, 'OPEN'>; reason: string },
): Promise<QuarantinedImage> {
  const { min, max } = QUARANTINE_REASON;
  const given = reason.trim();
  if (given.length < min || given.length > max || given.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', `reason must have between ${min} and ${max} characters.`);
  }
  return dataSource.transaction(async (manager) => {
    const found = await manager.findOne(QuarantinedImage, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!found) throw new UserError('NOT_FOUND', `No image ${id} is in quarantine.`);
    if (state === 'ACCEPTED' && Object.values<string>(OTHERS).includes(found.contradiction)) {
      throw new UserError(
        'CONFLICT',
        'An image has one owner and cannot be accepted for another; reject it, or undo the import that gave it to the other and send it again.',
      );
    }
    Object.assign(found, { state, reason: given, resolvedById: tokenId, resolvedAt: new Date() });
    await manager.save(found);
    await audit(manager, {
      tokenId,
      action: 'resolveQuarantinedImage',
      target: String(id),
      detail: { state, reason: given },
    });
    return findQuarantined(manager, id);
  });
}
