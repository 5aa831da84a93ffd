import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { isOaiId, requireOaiId, type Side } from '../../domain/participants.js';
import { isVisitCode, VISIT_CODES, type VisitCode } from '../../domain/visits.js';
import { queryRows } from '../../entities/index.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { readDicomHeader, readDicomTexts } from '../../imaging/dicom/read.js';
import { seriesOf } from '../../imaging/dicom/study.js';
import { type FileSource, readSource } from '../../imaging/source.js';
import { filmSide, sideInWords } from '../../oai/index.js';
import { isOwnResult } from '../dicom-objects/index.js';
import type { AddedTo } from '../imports/index.js';

/** What whoever sends says of an object, or the site says for them; what is left out is read from its header. */
export interface Stated {
  participant?: string | undefined;
  visit?: VisitCode | undefined;
  side?: Side | undefined;
  /** The visit where neither is stated nor says the object which. */
  visitOtherwise?: VisitCode | undefined;
}

/** What is stated of an object by the PatientID that it has; undefined for a patient of whom nothing is. */
export type StatedOf = (patientId: string | null) => Stated | undefined;

/**
 * What is stated in words; empty ones state nothing.
 *
 * @throws UserError BAD_USER_INPUT for what is no id, visit or side
 */
export function statedIn({
  participant,
  visit,
  side,
}: Partial<Record<'participant' | 'visit' | 'side', string | undefined>>): Stated {
  if (participant) requireOaiId(participant);
  if (visit && !isVisitCode(visit)) {
    throw new UserError('BAD_USER_INPUT', `visit is ${JSON.stringify(visit)}; accepted: ${VISIT_CODES.join(', ')}.`);
  }
  if (side && side !== 'RIGHT' && side !== 'LEFT') {
    throw new UserError('BAD_USER_INPUT', `side is ${JSON.stringify(side)}; accepted: RIGHT, LEFT.`);
  }
  return {
    ...(participant ? { participant } : {}),
    ...(visit && isVisitCode(visit) ? { visit } : {}),
    ...(side === 'RIGHT' || side === 'LEFT' ? { side } : {}),
  };
}

/** Whose an object is to be. */
export interface Claim {
  kind: 'RADIOGRAPH' | 'MRI_SERIES';
  to: AddedTo;
  /** What contradicts this already, to complete "it says that ..."; then it is for the quarantine. */
  doubt: string | null;
  sopInstanceUid: string;
  studyUid: string;
  seriesUid: string;
  modality: string | null;
}

/** What messages call an object: its own name may name a patient. */
export const OBJECT = 'The object';

/** MR Image Storage and its kin, whose slices make series. */
const MR_CLASS = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.4(?:\.\d+)?$/;

/**
 * Whose an object is to be: the participant that is stated, or whose id it has as PatientID; at the visit that is stated, or that its
 * ClinicalTrialTimePointID names.
 *
 * @param stating what is stated of this object, or by the PatientID that it has: then that may be anything
 * @returns null where it names nobody: PatientID is of another kind, and nothing is stated
 * @throws UserError FILE_REFUSED for what is no DICOM object with UIDs, or names no visit; CONFLICT for what a bundle made
 */
export async function whoseIs(
  dataSource: DataSource,
  file: FileSource,
  stating: Stated | StatedOf,
): Promise<Claim | null> {
  const source = { bytes: (await readSource(file)).bytes, name: OBJECT };
  // Before it is read as an image: a report is none.
  if (await isOwnResult(dataSource, seriesOf(source.bytes, OBJECT))) {
    throw new UserError(
      'CONFLICT',
      `${OBJECT} was made by a bundle of Osteograph, and is kept with what it was made from.`,
    );
  }
  const header = await readDicomHeader(source);
  const { patientId } = header;
  const ofObject = typeof stating !== 'function';
  const stated = (ofObject ? stating : stating(patientId)) ?? {};
  const named = patientId !== null && isOaiId(patientId) ? patientId : null;
  const oaiId = stated.participant ?? named;
  if (oaiId === null) return null;
  const { sopClassUid, sopInstanceUid, studyUid, seriesUid } = header;
  if (sopClassUid === null || sopInstanceUid === null || studyUid === null || seriesUid === null) {
    throw new UserError('FILE_REFUSED', `${OBJECT} has no SOP class, instance, study or series.`);
  }
  const { timePoint } = await readDicomTexts(source, { timePoint: 'x00120050' });
  const said = typeof timePoint === 'string' && isVisitCode(timePoint) ? timePoint : undefined;
  const visit = stated.visit ?? said ?? stated.visitOtherwise;
  if (visit === undefined) {
    throw new UserError(
      'FILE_REFUSED',
      `${OBJECT} does not say which visit it is of: state it, or send it as Clinical Trial Time Point ID (0012,0050), such as V00.`,
    );
  }
  const kind = header.modality === 'MR' || MR_CLASS.test(sopClassUid) ? 'MRI_SERIES' : 'RADIOGRAPH';
  const side = stated.side ?? (kind === 'RADIOGRAPH' ? sideOfFilm(header) : undefined);
  const to = { oaiId, visit, ...(side === undefined ? {} : { side }) };
  const doubt =
    ofObject && stated.participant !== undefined && named !== null && named !== stated.participant
      ? 'it is of another participant than the one that is stated'
      : await doubtOf(dataSource, to, header);
  return { kind, to, doubt, sopInstanceUid, studyUid, seriesUid, modality: header.modality };
}

/** The knee that a film says it shows; undefined for both. */
function sideOfFilm({ seriesDescription, laterality }: DicomAttributes): Side | undefined {
  return filmSide(seriesDescription ?? '') ?? sideInWords(laterality ?? '') ?? undefined;
}

/** What of the database contradicts an object. */
async function doubtOf(
  dataSource: DataSource,
  { oaiId, visit }: AddedTo,
  { synthetic }: DicomAttributes,
): Promise<string | null> {
  const [known] = await queryRows(
    dataSource,
    z.object({ phantom: z.boolean(), hasVisit: z.boolean() }),
    `SELECT phantom, EXISTS (SELECT 1 FROM visit v WHERE v.participant_id = p.id AND v.code = $2) AS "hasVisit"
     FROM participant p WHERE p.oai_id = $1`,
    [oaiId, visit],
  );
  if (!known) return 'it is of a participant who is not in the database';
  if (!known.hasVisit) return 'it is of a visit that is not in the database';
  return synthetic && !known.phantom ? 'it is synthetic, where the participant is a person' : null;
}
