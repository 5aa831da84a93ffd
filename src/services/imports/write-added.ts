import { basename } from 'node:path';
import type { EntityManager, EntityTarget, QueryDeepPartialEntity } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { Side } from '../../domain/participants.js';
import { MriSeries, Participant, queryRows, Radiograph } from '../../entities/index.js';
import { cleanDescription, refuseBurnedIn } from '../../imaging/deidentification/index.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { readDicomHeader } from '../../imaging/dicom/read.js';
import type { DicomSeries } from '../../imaging/dicom/series.js';
import { loadRadiograph } from '../../imaging/radiograph/film.js';
import { refuseFile } from '../../imaging/refuse.js';
import type { FileSource } from '../../imaging/source.js';
import { calendarDate } from '../../oai/index.js';
import type { BlobStore, LetGo } from '../../storage/index.js';
import { type Arrival, isKept } from './arrival.js';
import { type DeidentifiedFor, deidentifierFor, type ObjectOptions } from './deidentifying.js';
import type { VisitKey } from './exam-registry.js';
import {
  headersOf,
  inEchoOrder,
  niftiDescription,
  pathsOf,
  sequenceOf,
  sequenceOfPart,
  sideOf,
} from './folder-series.js';
import { type Incoming, OwnedByAnother, settle, type Settled } from './identity.js';
import { findOwner, flagPhantom, type ImageOutcome } from './import-folder.js';
import { type ImageOrigin, originOf } from './origins.js';
import { refuseResults } from './own-results.js';
import { refuseKnownPatient } from './owners.js';
import { type Candidate, OTHERS, requireAccepted, requireConsistent } from './quarantine.js';
import { earlier, type Fingerprint, remember } from './remember.js';
import { contentOfFilm, contentOfSeries, storeFilm, storeSeries, uidsOf } from './write-images.js';

/** Whose images are added. Without a side a film is bilateral, and a series says itself which knee it shows. */
export interface AddedTo extends VisitKey {
  side?: Side | undefined;
}

/** Adds images within one transaction. */
export interface Adding extends ObjectOptions {
  store: BlobStore;
  /** Files that show what is redacted; they go once the transaction has ended. */
  forgotten: LetGo[];
  /** Where the images come from, unless they lay in a file that somebody named. */
  arrival?: Arrival;
}

/** An image that was written, and what became of it. */
export interface Written {
  id: number;
  outcome: ImageOutcome;
}

/**
 * Writes a film of which the file is no part of a release.
 *
 * @throws UserError FILE_REFUSED
 */
export async function writeFilm(
  manager: EntityManager,
  file: FileSource,
  to: AddedTo,
  fingerprint: Fingerprint,
  options: Adding,
): Promise<Written> {
  const { store, redact = [], forgotten, arrival } = options;
  const name = arrival?.name ?? basename(fingerprint.path);
  const isNew = !(await manager.existsBy(Participant, { oaiId: to.oaiId }));
  const [examId, visitId] = await findOwner(manager, to, to.side ?? null, false);
  const header = await headerOf(file);
  if (header) await refuseResults(manager, [header], name);
  // Over the network whose it is was decided before, and contradictions wait in quarantine.
  if (header && !arrival) await refuseKnownPatient(manager, [header], { oaiId: to.oaiId, file: name });
  const origin = originOf(header, [header?.sopInstanceUid ?? null], null, arrival?.from);
  const published = redact.length > 0 ? await publishedDay(manager, 'radiograph', origin) : null;
  const deidentify = await deidentifierFor(manager, store, subjectOf(to, origin, published), options);
  const { film, object } = await deidentify.film(file, name);
  const { attributes } = film;
  const isRedacted = redact.length > 0;
  const pixels = { ...(await storeFilm(manager, store, film)), ...uidsOf(film), redacted: isRedacted };
  const owner = { oaiId: to.oaiId, visit: to.visit, side: to.side ?? null };
  const { contentSha256 } = pixels;
  const candidate = { kind: 'RADIOGRAPH', ...listed(name, arrival), ...owner, contentSha256 } as const;
  await requireConsistent(manager, header ? [header] : [], candidate);
  const { radiographId } = await earlier(manager, fingerprint.path);
  const settled = await settleAdded(manager, 'radiograph', candidate, {
    name,
    owner,
    unattended: arrival !== undefined,
    ...pixels,
    ...origin,
    barcode: null,
    earlier: radiographId === undefined ? [] : [radiographId],
    unredactedSha256: isRedacted ? contentOfFilm(await loadRadiograph(file)) : null,
  });
  if (isToWrite(settled)) {
    await manager.update(Radiograph, { id: settled.row.id }, { ...pixels, ...originFor(settled, origin) });
  }
  const radiograph = {
    ...(to.side ? { examId, visitId: null } : { visitId, examId: null }),
    ...pixels,
    ...origin,
    view:
      cleanDescription(attributes?.seriesDescription ?? null) ??
      (to.side ? `Knee ${to.side.toLowerCase()}` : 'Knees bilateral'),
    date: calendarDate(attributes?.studyDate ?? ''),
  };
  const id = settled.is === 'new' ? await insertRow(manager, Radiograph, radiograph) : settled.row.id;
  if (!(await isKept(manager, { radiographId: id }, { ...settled, ...origin }, header ? [header] : [], arrival))) {
    forgotten.push(...(await deidentify.keep({ radiographId: id }, [object])));
  }
  if (isNew && origin.provenance === 'PHANTOM') await flagPhantom(manager, to.oaiId);
  await remember(manager, fingerprint, { rows: 1, refused: 0, became: { radiographId: id } });
  return { id, outcome: OUTCOMES[settled.is] };
}

/** Whose objects they become. Nobody has published their day, unless a release has the image too. */
function subjectOf({ oaiId }: AddedTo, { provenance }: ImageOrigin, published: string | null): DeidentifiedFor {
  return { oaiId, published, synthetic: provenance === 'PHANTOM' };
}

/** The day, ISO 8601, that a release publishes of an image which is redacted by hand: it stays the release's. */
async function publishedDay(
  manager: EntityManager,
  table: 'radiograph' | 'mri_series',
  { sourceUid }: ImageOrigin,
): Promise<string | null> {
  const [row] = await queryRows(
    manager,
    z.object({ date: z.string() }),
    `SELECT to_char(date, 'YYYY-MM-DD') AS date FROM ${table}
     WHERE source_uid = $1 AND barcode IS NOT NULL AND date IS NOT NULL ORDER BY id LIMIT 1`,
    [sourceUid],
  );
  return row?.date ?? null;
}

/** What a row is told of its origin: an image of a release stays that, whoever redacts it. */
function originFor({ row }: Exclude<Settled, { is: 'new' }>, origin: ImageOrigin): Partial<ImageOrigin> {
  return row.barcode === null ? origin : { deidentification: origin.deidentification };
}

/**
 * Writes the series of a folder that is no part of a release; those that it held before and does not any more go.
 *
 * @throws UserError FILE_REFUSED
 */
export async function writeSeries(
  manager: EntityManager,
  series: readonly DicomSeries[],
  to: AddedTo,
  fingerprint: Fingerprint,
  options: Adding,
): Promise<Written[]> {
  const { store, redact = [], forgotten, arrival } = options;
  const name = arrival?.name ?? basename(fingerprint.path);
  const isNew = !(await manager.existsBy(Participant, { oaiId: to.oaiId }));
  await refuseResults(manager, series.flatMap(headersOf), name);
  const before = (await earlier(manager, fingerprint.path)).seriesIds ?? [];
  const written: Written[] = [];
  for (const [index, one] of inEchoOrder(series).entries()) {
    const { attributes, seriesUid, echo } = one;
    if (!arrival) await refuseKnownPatient(manager, headersOf(one), { oaiId: to.oaiId, file: name });
    for (const said of headersOf(one)) refuseBurnedIn(said, redact, name);
    const side = to.side ?? sideOf({ seriesDescription: null, studyDescription: null }, attributes);
    if (!side) return refuseFile(name, 'does not say which knee it shows; say --side RIGHT or --side LEFT');
    const [examId] = await findOwner(manager, to, side, false);
    const { sequence, plane } = sequenceOf(attributes.seriesDescription, side);
    const origin = originOf(attributes, [seriesUid || null, echo], null, arrival?.from);
    const published = redact.length > 0 ? await publishedDay(manager, 'mri_series', origin) : null;
    const deidentify = await deidentifierFor(manager, store, subjectOf(to, origin, published), options);
    const header = await deidentify.header(one.files[0]!, name);
    const stored = await storeSeries(manager, store, one, niftiDescription(to, sequence, origin), { header, redact });
    const pixels = { ...stored, plane: stored.plane ?? plane, redacted: redact.length > 0 };
    const owner = { oaiId: to.oaiId, visit: to.visit, side };
    const { contentSha256 } = pixels;
    const candidate = { kind: 'MRI_SERIES', ...listed(name, arrival), ...owner, contentSha256 } as const;
    await requireConsistent(manager, headersOf(one), candidate);
    const settled = await settleAdded(manager, 'mri_series', candidate, {
      name,
      owner,
      unattended: arrival !== undefined,
      ...pixels,
      ...origin,
      barcode: null,
      earlier: before[index] === undefined ? [] : [before[index]],
      unredactedSha256: redact.length > 0 ? await contentOfSeries(one) : null,
    });
    const described = {
      ...pixels,
      ...origin,
      examId: examId!,
      sequence: sequenceOfPart(sequence, one),
      date: calendarDate(header.studyDate ?? ''),
    };
    if (isToWrite(settled)) {
      const { row } = settled;
      const told = row.barcode === null ? described : { ...pixels, ...originFor(settled, origin) };
      await manager.update(MriSeries, { id: row.id }, told);
    }
    const id = settled.is === 'new' ? await insertRow(manager, MriSeries, described) : settled.row.id;
    if (!(await isKept(manager, { seriesId: id }, { ...settled, ...origin }, headersOf(one), arrival))) {
      forgotten.push(...(await deidentify.keep({ seriesId: id }, pathsOf(one))));
    }
    written.push({ id, outcome: OUTCOMES[settled.is] });
    if (isNew && origin.provenance === 'PHANTOM') await flagPhantom(manager, to.oaiId);
  }
  const seriesIds = written.map(({ id }) => id);
  // What the folder held before and does not any more, unless it is of a release, an evaluation holds to it or something was made from it.
  await manager.query(
    `DELETE FROM mri_series s WHERE s.id = ANY($1) AND NOT EXISTS (SELECT 1 FROM evaluation_exam x WHERE x.series_id = s.id)
       AND NOT EXISTS (SELECT 1 FROM generation g WHERE g.source_series_id = s.id) AND s.barcode IS NULL`,
    [before.filter((id) => !seriesIds.includes(id))],
  );
  await remember(manager, fingerprint, { rows: seriesIds.length, refused: 0, became: { seriesIds } });
  return written;
}

/** What the list of the quarantine calls a file that lay anywhere: its name may name a patient. */
const BY_HAND = 'added by hand';

function listed(name: string, arrival: Arrival | undefined): Pick<Candidate, 'file' | 'listedAs' | 'doubt'> {
  return { file: name, listedAs: arrival?.from ?? BY_HAND, doubt: arrival?.doubt ?? null };
}

/** Decides what an image is; one from the network that is another's goes to the quarantine. */
async function settleAdded(
  manager: EntityManager,
  table: 'radiograph' | 'mri_series',
  candidate: Candidate,
  image: Incoming,
): Promise<Settled> {
  try {
    return await settle(manager, table, image);
  } catch (error) {
    if (!(error instanceof OwnedByAnother)) throw error;
    await requireAccepted(manager, candidate, [error.sameParticipant ? OTHERS.EXAM : OTHERS.PARTICIPANT]);
    // Nobody can accept it.
    throw error;
  }
}

const OUTCOMES: Readonly<Record<Settled['is'], ImageOutcome>> = {
  known: 'unchanged',
  replacement: 'updated',
  new: 'inserted',
};

/** A row that takes what the file says: a corrected file's, or one from before its content and origin were kept. */
function isToWrite(settled: Settled): settled is Exclude<Settled, { is: 'new' }> {
  return settled.is === 'replacement' || (settled.is === 'known' && settled.row.contentSha256 === null);
}

async function insertRow<T extends Radiograph | MriSeries>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  row: QueryDeepPartialEntity<T>,
): Promise<number> {
  const { identifiers } = await manager.insert<T>(entity, row);
  return Number(identifiers[0]!['id']);
}

/** Header of a DICOM file; null for other files, whose reader says what is wrong with them. */
export async function headerOf(file: FileSource): Promise<DicomAttributes | null> {
  try {
    return await readDicomHeader(file);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}
