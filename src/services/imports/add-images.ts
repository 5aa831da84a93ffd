import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DataSource, EntityManager, EntityTarget, QueryDeepPartialEntity } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { type Side, SIDES } from '../../domain/participants.js';
import { MriSeries, Participant, Radiograph, Visit, queryRows } from '../../entities/index.js';
import { cleanDescription, refuseBurnedIn } from '../../imaging/deidentification/index.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { readDicomHeader } from '../../imaging/dicom/read.js';
import type { DicomSeries } from '../../imaging/dicom/series.js';
import { refuseFile } from '../../imaging/refuse.js';
import { calendarDate } from '../../oai/index.js';
import type { BlobStore } from '../../storage/index.js';
import { audit, refuseWithdrawn } from '../access/index.js';
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
  wholeSeries,
} from './folder-series.js';
import { findOwner, flagPhantom, type ImageOutcome } from './import-folder.js';
import { withImportLock } from './lock.js';
import { beginRun, endRun, keepChanges } from './runs.js';
import { emptySummary, type ImageSummary } from './summary.js';
import { settle, type Settled } from './identity.js';
import { type ImageOrigin, originOf } from './origins.js';
import { keepingContradictions, requireConsistent } from './quarantine.js';
import { earlier, type Fingerprint, fingerprintFile, fingerprintFolder, type Recalled, remember } from './remember.js';
import { storeFilm, storeSeries, uidsOf } from './write-images.js';

/** Whose images are added. Without a side a film is bilateral, and a series says itself which knee it shows. */
export interface AddedTo extends VisitKey {
  side?: Side | undefined;
}

export interface AddOptions extends ObjectOptions {
  store: BlobStore;
  /** Make the participant and the visit if they are not there. */
  create?: boolean;
}

/** What was added: one outcome per image. */
export interface Added {
  kind: 'radiograph' | 'series';
  outcomes: ImageOutcome[];
}

/** Modality of the files that are MRI; every other grey image of a single file is taken for a radiograph. */
const MR = 'MR';

/**
 * Adds images from outside a release to an exam: a radiograph (DICOM, PNG, TIFF or JPEG file) or the folder of a DICOM series, in one
 * transaction. An image is known by its UID and its content, wherever its file lies: adding it again changes nothing, and a corrected
 * file replaces what it was unless something was made from that.
 *
 * @throws UserError NOT_FOUND without the path, the participant or the visit, FILE_REFUSED for a file that cannot be used or
 *   whose image is somebody else's, CONFLICT for a participant who has withdrawn
 */
export async function addImages(
  dataSource: DataSource,
  path: string,
  to: AddedTo,
  options: AddOptions,
): Promise<Added> {
  const real = await realpath(path).catch(() => null);
  if (real === null) throw new UserError('NOT_FOUND', `There is no ${path}.`);
  const isFolder = (await stat(real)).isDirectory();
  const added = await withImportLock(dataSource, () =>
    keepingContradictions(dataSource, () =>
      dataSource.transaction(async (manager) => {
        await refuseWithdrawn(manager, to.oaiId);
        if (!options.create) await assertKnown(manager, to);
        const run = await beginRun(manager, null);
        await keepChanges(manager, run);
        const done = await (isFolder ? addFolder : addFile)(manager, real, to, options);
        await endRun(manager, run, { images: imagesOf(done) });
        return done;
      }),
    ),
  );
  // Not the path: it is the host's, and may name a patient.
  const target = `${to.oaiId} ${to.visit}`;
  await audit(dataSource, { tokenId: null, action: 'import', target, detail: { ...to, ...added } });
  return added;
}

/** What is listed of images that were added by hand: not whose they are. */
function imagesOf({ outcomes }: Added): ImageSummary {
  const images = emptySummary('').images;
  for (const outcome of outcomes) images[outcome]++;
  return { ...images, folders: 1 };
}

async function assertKnown(manager: EntityManager, { oaiId, visit }: VisitKey): Promise<void> {
  const hint = 'import its tables first, or say --create';
  const participant = await manager.findOneBy(Participant, { oaiId });
  if (!participant) throw new UserError('NOT_FOUND', `Participant ${oaiId} is not in the database; ${hint}.`);
  const known = await manager.existsBy(Visit, { participantId: participant.id, code: visit });
  if (!known) throw new UserError('NOT_FOUND', `Participant ${oaiId} has no visit ${visit} in the database; ${hint}.`);
}

async function addFile(manager: EntityManager, path: string, to: AddedTo, options: AddOptions): Promise<Added> {
  const { fingerprint, recalled } = await fingerprintFile(manager, path);
  if (recalled && !options.redact && (await isStillThere(manager, recalled, to))) {
    return { kind: 'radiograph', outcomes: ['unchanged'] };
  }
  if ((await headerOf(path))?.modality === MR) {
    refuseFile(basename(path), `is one slice of an MRI series; give the folder of the series, ${dirname(path)}`);
  }
  return { kind: 'radiograph', outcomes: [await writeFilm(manager, path, to, fingerprint, options)] };
}

/** Header of a DICOM file; null for other files, whose reader says what is wrong with them. */
async function headerOf(path: string): Promise<DicomAttributes | null> {
  try {
    return await readDicomHeader(path);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

async function addFolder(manager: EntityManager, path: string, to: AddedTo, options: AddOptions): Promise<Added> {
  const { fingerprint, files, recalled } = await fingerprintFolder(manager, path, basename(path));
  if (recalled && !options.redact && (await isStillThere(manager, recalled, to))) {
    return { kind: 'series', outcomes: (recalled.became.seriesIds ?? []).map(() => 'unchanged') };
  }
  const series = await wholeSeries(path, basename(path));
  const first = series[0]!;
  if (first.attributes.modality !== null && first.attributes.modality !== MR) {
    if (files.length > 1)
      refuseFile(basename(path), `holds ${files.length} ${first.attributes.modality} files; give one of them`);
    const [file] = first.files;
    return { kind: 'radiograph', outcomes: [await writeFilm(manager, file!.path, to, fingerprint, options)] };
  }
  return { kind: 'series', outcomes: await writeSeries(manager, series, to, fingerprint, options) };
}

/** True when what a path became is still in the database, and with the same participant, visit and side. */
async function isStillThere(
  manager: EntityManager,
  { became }: Recalled,
  { oaiId, visit, side }: AddedTo,
): Promise<boolean> {
  const [table, ids, visitId] = became.radiographId
    ? ['radiograph', [became.radiographId], 'COALESCE(i.visit_id, e.visit_id)']
    : ['mri_series', became.seriesIds ?? [], 'e.visit_id'];
  const found = await queryRows(
    manager,
    z.object({ side: z.enum(SIDES).nullable() }),
    `SELECT e.side FROM ${table} i LEFT JOIN knee_exam e ON e.id = i.exam_id
     JOIN visit v ON v.id = ${visitId} JOIN participant p ON p.id = v.participant_id
     WHERE i.id = ANY($1) AND p.oai_id = $2 AND v.code = $3`,
    [ids, oaiId, visit],
  );
  const sameSide = (row: { side: Side | null }): boolean =>
    row.side === (side ?? null) || (table === 'mri_series' && !side);
  return found.length > 0 && found.length === ids.length && found.every(sameSide);
}

async function writeFilm(
  manager: EntityManager,
  path: string,
  to: AddedTo,
  fingerprint: Fingerprint,
  options: AddOptions,
): Promise<ImageOutcome> {
  const { store } = options;
  const name = basename(fingerprint.path);
  const isNew = !(await manager.existsBy(Participant, { oaiId: to.oaiId }));
  const [examId, visitId] = await findOwner(manager, to, to.side ?? null, false);
  const header = await headerOf(path);
  const origin = originOf(header, [header?.sopInstanceUid ?? null], null);
  const deidentify = await deidentifierFor(manager, subjectOf(to, origin), options);
  const { film, object } = await deidentify.film(path, name);
  const { attributes } = film;
  const pixels = { ...(await storeFilm(manager, store, film)), ...origin, ...uidsOf(film) };
  const owner = { oaiId: to.oaiId, visit: to.visit, side: to.side ?? null };
  const { contentSha256 } = pixels;
  await requireConsistent(manager, header ? [header] : [], {
    kind: 'RADIOGRAPH',
    file: name,
    listedAs: BY_HAND,
    ...owner,
    contentSha256,
  });
  const { radiographId } = await earlier(manager, fingerprint.path);
  const settled = await settle(manager, 'radiograph', {
    name,
    owner,
    ...pixels,
    barcode: null,
    earlier: radiographId === undefined ? [] : [radiographId],
  });
  if (isToWrite(settled)) await manager.update(Radiograph, { id: settled.row.id }, pixels);
  const radiograph = {
    ...(to.side ? { examId, visitId: null } : { visitId, examId: null }),
    ...pixels,
    view:
      cleanDescription(attributes?.seriesDescription ?? null) ??
      (to.side ? `Knee ${to.side.toLowerCase()}` : 'Knees bilateral'),
    date: calendarDate(attributes?.studyDate ?? ''),
  };
  const id = settled.is === 'new' ? await insertRow(manager, Radiograph, radiograph) : settled.row.id;
  await deidentify.keep(store, { radiographId: id }, [object]);
  if (isNew && origin.provenance === 'PHANTOM') await flagPhantom(manager, to.oaiId);
  await remember(manager, fingerprint, { rows: 1, refused: 0, became: { radiographId: id } });
  return OUTCOMES[settled.is];
}

/** Whose objects they become. Nobody has published their day. */
function subjectOf({ oaiId }: AddedTo, { provenance }: ImageOrigin): DeidentifiedFor {
  return { oaiId, published: null, synthetic: provenance === 'PHANTOM' };
}

async function writeSeries(
  manager: EntityManager,
  series: readonly DicomSeries[],
  to: AddedTo,
  fingerprint: Fingerprint,
  options: AddOptions,
): Promise<ImageOutcome[]> {
  const { store, redact = [] } = options;
  const name = basename(fingerprint.path);
  const isNew = !(await manager.existsBy(Participant, { oaiId: to.oaiId }));
  const before = (await earlier(manager, fingerprint.path)).seriesIds ?? [];
  const seriesIds: number[] = [];
  const outcomes: ImageOutcome[] = [];
  for (const [index, one] of inEchoOrder(series).entries()) {
    const { attributes, seriesUid, echo } = one;
    for (const file of one.files) refuseBurnedIn(file.attributes, redact, name);
    const side = to.side ?? sideOf({ seriesDescription: null, studyDescription: null }, attributes);
    if (!side) return refuseFile(name, 'does not say which knee it shows; say --side RIGHT or --side LEFT');
    const [examId] = await findOwner(manager, to, side, false);
    const { sequence, plane } = sequenceOf(attributes.seriesDescription, side);
    const origin = originOf(attributes, [seriesUid || null, echo], null);
    const deidentify = await deidentifierFor(manager, subjectOf(to, origin), options);
    const header = await deidentify.header(one.files[0]!, name);
    const pixels = await storeSeries(manager, store, one, niftiDescription(to, sequence, origin), { header, redact });
    const owner = { oaiId: to.oaiId, visit: to.visit, side };
    const { contentSha256 } = pixels;
    await requireConsistent(manager, headersOf(one), {
      kind: 'MRI_SERIES',
      file: name,
      listedAs: BY_HAND,
      ...owner,
      contentSha256,
    });
    const row = { ...pixels, ...origin, plane: pixels.plane ?? plane };
    const settled = await settle(manager, 'mri_series', {
      name,
      owner,
      ...row,
      barcode: null,
      earlier: before[index] === undefined ? [] : [before[index]],
    });
    const described = {
      ...row,
      examId: examId!,
      sequence: sequenceOfPart(sequence, one),
      date: calendarDate(header.studyDate ?? ''),
    };
    if (isToWrite(settled)) await manager.update(MriSeries, { id: settled.row.id }, described);
    const id = settled.is === 'new' ? await insertRow(manager, MriSeries, described) : settled.row.id;
    await deidentify.keep(store, { seriesId: id }, pathsOf(one));
    seriesIds.push(id);
    outcomes.push(OUTCOMES[settled.is]);
    if (isNew && origin.provenance === 'PHANTOM') await flagPhantom(manager, to.oaiId);
  }
  // What the folder held before and does not any more, unless an evaluation holds to it or something was made from it.
  await manager.query(
    `DELETE FROM mri_series s WHERE s.id = ANY($1) AND NOT EXISTS (SELECT 1 FROM evaluation_exam x WHERE x.series_id = s.id)
       AND NOT EXISTS (SELECT 1 FROM generation g WHERE g.source_series_id = s.id)`,
    [before.filter((id) => !seriesIds.includes(id))],
  );
  await remember(manager, fingerprint, { rows: seriesIds.length, refused: 0, became: { seriesIds } });
  return outcomes;
}

/** What the list of the quarantine calls a file that lay anywhere: its name may name a patient. */
const BY_HAND = 'added by hand';

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
