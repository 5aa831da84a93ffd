import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { VISIT_CODES } from '../../domain/visits.js';
import { type Side, SIDES } from '../../domain/participants.js';
import { refuseFile } from '../../imaging/refuse.js';
import type { VisitKey } from './exam-registry.js';
import { restOnRows } from './runs.js';

/** Whose an image is; without a side a film shows both knees. */
export interface ImageOwner extends VisitKey {
  side: Side | null;
}

/** An image that comes in. */
export interface Incoming {
  /** What messages call its file. */
  name: string;
  owner: ImageOwner;
  sourceUid: string | null;
  contentSha256: string;
  /** Its stored file, by which rows from before content was kept are known. */
  assetId: number;
  /** Twelve digits in a release; null for what is added by hand. */
  barcode: string | null;
  /** Rows that the same path became before, or that have the same barcode. */
  earlier: readonly number[];
  /** Digest of what it showed before strips of it were made black, which no row may go on to show; null where none are. */
  unredactedSha256: string | null;
  /** Whether it came over the network, and nobody looked at it: then it takes away no redaction. */
  unattended?: boolean;
}

/** A row that may be the image that comes in. */
interface Candidate extends ImageOwner {
  id: number;
  barcode: string | null;
  sourceUid: string | null;
  contentSha256: string | null;
  assetId: number | null;
  /** Whether strips of it were made black. */
  redacted: boolean;
  /** Whether something was made from it that must go on to mean it. */
  inUse: boolean;
}

const CANDIDATE = z.object({
  id: z.number(),
  barcode: z.string().nullable(),
  oaiId: z.string(),
  visit: z.enum(VISIT_CODES),
  side: z.enum(SIDES).nullable(),
  sourceUid: z.string().nullable(),
  contentSha256: z.string().nullable(),
  assetId: z.number().nullable(),
  redacted: z.boolean(),
  inUse: z.boolean(),
});

/**
 * What is to be done with an image: it is there, a row takes its pixels, or it becomes a row of its own. Rows `beside` it have its barcode, give
 * that up, and stay as they are otherwise.
 */
export type Settled = { beside: readonly Candidate[] } & (
  { is: 'known' | 'replacement'; row: Candidate } | { is: 'new' }
);

type ImageTable = 'radiograph' | 'mri_series';

/** An image from the network that is another's already; whoever sent it is not told whose. */
export class OwnedByAnother extends Error {
  /** @param sameParticipant whether it is another visit or knee of the same participant */
  constructor(readonly sameParticipant: boolean) {
    super('The image is of another participant, visit or knee.');
  }
}

/**
 * Decides what an image is by its UID and its content, and refuses one that belongs to somebody else.
 *
 * The same content for the same exam is there already. Another content of the same UID, path or barcode is a corrected file: it
 * replaces the row while nothing was made from that, and comes beside it otherwise, so that what was made keeps its source. It may be there
 * already, added by hand: then that row takes the barcode. Anything else is another image, and so is a corrected file of a release's image that
 * is added by hand: only the release changes its own rows.
 *
 * A redaction takes the place of the one row that shows the image, the release's own too; nothing may go on to show what it removes. Files without
 * a UID are told by their pixels, as they are with and without the strips.
 *
 * @throws OwnedByAnother for an image from the network that is another's
 * @throws UserError FILE_REFUSED naming both owners: when the image is another's, or the path or barcode was; for a redaction that would
 *   leave what it removes in another row, and for an image of a release that would bring back what was removed
 */
export async function settle(manager: EntityManager, table: ImageTable, image: Incoming): Promise<Settled> {
  const candidates = await findCandidates(manager, table, image);
  const { owner, name } = image;
  for (const row of candidates) {
    if (isSameOwner(row, owner)) continue;
    const same = isSameImage(row, image);
    if (image.unattended) throw new OwnedByAnother(row.oaiId === owner.oaiId);
    refuseFile(
      name,
      same
        ? `holds an image of ${inWords(row)}, which cannot be added to ${inWords(owner)} as well`
        : `was imported for ${inWords(row)} before and holds another image now; give that of ${inWords(owner)} a file of its own`,
    );
  }
  await restOnRows(
    manager,
    table,
    candidates.map(({ id }) => id),
  );
  if (image.unredactedSha256 !== null) return settleRedaction(candidates, image);
  if (image.barcode !== null || image.unattended) refuseUnredacted(candidates, image);
  const before = candidates.filter((row) => image.earlier.includes(row.id));
  // A barcode is a name of its own: an image of another one is not this.
  const others = candidates.filter((row) => row.barcode === null || image.barcode === null);
  const known = [...before, ...others].find((row) => holdsContent(row, image));
  const replaceable = [...before, ...others].filter(({ barcode }) => barcode === null || barcode === image.barcode);
  const corrected = replaceable.find(({ inUse }) => !inUse);
  // The release's own row is corrected, also where somebody added the correction by hand before, unless something was made from it.
  const ownIsCorrected = image.barcode !== null && corrected !== undefined && before.includes(corrected);
  const row = known && (before.includes(known) || !ownIsCorrected) ? known : corrected;
  const beside = before.filter(({ id, barcode }) => barcode !== null && barcode === image.barcode && id !== row?.id);
  return row ? { is: row === known ? 'known' : 'replacement', row, beside } : { is: 'new', beside };
}

/** Decides about an image of which strips were made black: whatever row shows it takes the black strips too, or it is refused. */
function settleRedaction(candidates: readonly Candidate[], image: Incoming): Settled {
  const { name, owner } = image;
  const known = candidates.find((row) => holdsContent(row, image));
  const showing = candidates.filter((row) => !holdsContent(row, image));
  if (showing.some(({ inUse }) => inUse)) {
    refuseFile(name, 'cannot be redacted while something that was made from what it shows is kept; remove that first');
  }
  const [first, ...more] = showing;
  if (first && (known !== undefined || more.length > 0)) {
    refuseFile(
      name,
      `cannot be redacted while ${showing.length + (known ? 1 : 0)} images of ${inWords(owner)} are of it; undo the imports of all but one first`,
    );
  }
  if (known) return { is: 'known', row: known, beside: [] };
  return first ? { is: 'replacement', row: first, beside: [] } : { is: 'new', beside: [] };
}

/** A release says of no image that its text may be shown again, and nor does a network. */
function refuseUnredacted(candidates: readonly Candidate[], image: Incoming): void {
  const redacted = candidates.find(
    (row) =>
      row.redacted &&
      !holdsContent(row, image) &&
      (image.unattended || row.barcode === null || image.earlier.includes(row.id)),
  );
  if (!redacted) return;
  refuseFile(
    image.name,
    `would bring back what was redacted of the image of ${inWords(redacted)}, which stays as it is`,
  );
}

/** Whether a row has the pixels of an image already. */
function holdsContent({ contentSha256, assetId }: Candidate, image: Incoming): boolean {
  return contentSha256 === image.contentSha256 || (contentSha256 === null && assetId === image.assetId);
}

async function findCandidates(manager: EntityManager, table: ImageTable, image: Incoming): Promise<Candidate[]> {
  const [visitId, inUse] =
    table === 'radiograph'
      ? ['COALESCE(i.visit_id, e.visit_id)', 'EXISTS (SELECT 1 FROM generation g WHERE g.radiograph_id = i.id)']
      : [
          'e.visit_id',
          'EXISTS (SELECT 1 FROM evaluation_exam x WHERE x.series_id = i.id) OR EXISTS (SELECT 1 FROM generation g WHERE g.source_series_id = i.id)',
        ];
  const match = 'id = ANY($1) OR source_uid = $2 OR content_sha256 = ANY($3)';
  const values = [[...image.earlier], image.sourceUid, [image.contentSha256, image.unredactedSha256]];
  // Whoever makes something from one of them meanwhile waits until it is decided what becomes of it.
  await manager.query(`SELECT id FROM ${table} WHERE ${match} ORDER BY id FOR UPDATE`, values);
  return queryRows(
    manager,
    CANDIDATE,
    `SELECT i.id, i.barcode, p.oai_id AS "oaiId", v.code AS visit, e.side, i.source_uid AS "sourceUid",
       i.content_sha256 AS "contentSha256", i.asset_id AS "assetId", i.redacted, (${inUse}) AS "inUse"
     FROM ${table} i LEFT JOIN knee_exam e ON e.id = i.exam_id
     JOIN visit v ON v.id = ${visitId} JOIN participant p ON p.id = v.participant_id
     WHERE i.id IN (SELECT id FROM ${table} WHERE ${match})
     ORDER BY i.id`,
    values,
  );
}

function isSameOwner(one: ImageOwner, other: ImageOwner): boolean {
  return one.oaiId === other.oaiId && one.visit === other.visit && one.side === other.side;
}

function isSameImage(row: Candidate, { sourceUid, contentSha256, unredactedSha256 }: Incoming): boolean {
  const holds = row.contentSha256 !== null && [contentSha256, unredactedSha256].includes(row.contentSha256);
  return holds || (sourceUid !== null && row.sourceUid === sourceUid);
}

/** How messages name an owner, e.g. "the right knee of participant 9000001 at V00". */
export function inWords({ oaiId, visit, side }: ImageOwner): string {
  const knee = side === null ? 'both knees' : `the ${side.toLowerCase()} knee`;
  return `${knee} of participant ${oaiId} at ${visit}`;
}
