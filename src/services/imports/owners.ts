import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { type Side, SIDES } from '../../domain/participants.js';
import { type VisitCode, VISIT_CODES } from '../../domain/visits.js';

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
