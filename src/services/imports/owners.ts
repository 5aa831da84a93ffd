import { type EntityManager, In } from 'typeorm';
import { z } from 'zod';
import { Participant, queryRows } from '../../entities/index.js';
import { type Side, SIDES } from '../../domain/participants.js';
import { type VisitCode, VISIT_CODES } from '../../domain/visits.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { refuseFile } from '../../imaging/refuse.js';
import { refuseWithdrawn } from '../access/index.js';

/** An image that the database knows, and whose it is. */
export interface KnownImage {
  id: number;
  barcode: string;
  oaiId: string;
  visit: VisitCode;
  /** Null for a bilateral film. */
  side: Side | null;
  /** View of a film, sequence of a series. */
  name: string;
  assetId: number | null;
}

const KNOWN_IMAGE = z.object({
  id: z.number(),
  barcode: z.string(),
  oaiId: z.string(),
  visit: z.enum(VISIT_CODES),
  side: z.enum(SIDES).nullable(),
  name: z.string(),
  assetId: z.number().nullable(),
});

/** The images with these barcodes, by barcode. */
export async function ownersOfBarcodes(
  manager: EntityManager,
  table: 'radiograph' | 'mri_series',
  barcodes: readonly string[],
): Promise<Map<string, KnownImage>> {
  const [visitId, name] =
    table === 'radiograph' ? ['COALESCE(i.visit_id, e.visit_id)', 'i.view'] : ['e.visit_id', 'i.sequence'];
  const rows = await queryRows(
    manager,
    KNOWN_IMAGE,
    `SELECT i.id, i.barcode, p.oai_id AS "oaiId", v.code AS visit, e.side, ${name} AS name, i.asset_id AS "assetId"
     FROM ${table} i LEFT JOIN knee_exam e ON e.id = i.exam_id
     JOIN visit v ON v.id = ${visitId} JOIN participant p ON p.id = v.participant_id
     WHERE i.barcode = ANY($1)`,
    [barcodes],
  );
  return new Map(rows.map((row) => [row.barcode, row]));
}

/** Whose a file is to be, and what messages call it. */
interface Meant {
  oaiId: string;
  file: string;
}

type Patient = Pick<DicomAttributes, 'patientId'>;

/**
 * Refuses a file of a release whose header names another participant: it lies in the wrong folder. Anonymised headers name nobody.
 *
 * @throws UserError FILE_REFUSED
 */
export function refuseOtherPatient({ patientId }: Patient, { oaiId, file }: Meant): void {
  if (namesAnother(patientId, oaiId)) refuseFile(file, `holds an image of participant ${patientId}, not ${oaiId}`);
}

/**
 * Refuses a file from outside a release whose header names another participant of the database, or one who has withdrawn. Hospitals have numbers of
 * their own, also of seven digits: those say nothing.
 *
 * @throws UserError FILE_REFUSED naming both, CONFLICT for somebody who has withdrawn
 */
export async function refuseKnownPatient(
  manager: EntityManager,
  headers: readonly Patient[],
  meant: Meant,
): Promise<void> {
  const named = new Set(headers.flatMap(({ patientId }) => (namesAnother(patientId, meant.oaiId) ? [patientId!] : [])));
  for (const patientId of named) await refuseWithdrawn(manager, patientId);
  const [known] = await manager.find(Participant, {
    where: { oaiId: In([...named]) },
    order: { oaiId: 'ASC' },
    take: 1,
  });
  if (known) refuseOtherPatient({ patientId: known.oaiId }, meant);
}

function namesAnother(patientId: string | null, oaiId: string): boolean {
  return patientId !== null && /^\d{7}$/.test(patientId) && patientId !== oaiId;
}
