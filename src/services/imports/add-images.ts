import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type DataSource, type EntityManager, In } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { Side } from '../../domain/participants.js';
import { MriSeries, Participant, Radiograph, Visit } from '../../entities/index.js';
import { readDicomHeader } from '../../imaging/dicom/read.js';
import type { DicomSeries } from '../../imaging/dicom/series.js';
import { type Film, loadRadiograph } from '../../imaging/radiograph/film.js';
import { refuseFile } from '../../imaging/refuse.js';
import { calendarDate, describeSequence } from '../../oai/index.js';
import type { BlobStore } from '../../storage/index.js';
import { audit } from '../audit.js';
import type { VisitKey } from './exam-registry.js';
import {
  findOwner,
  flagPhantom,
  type ImageOutcome,
  inEchoOrder,
  niftiDescription,
  setPixels,
  sideOf,
  wholeSeries,
} from './import-folder.js';
import { withImportLock } from './lock.js';
import { type Fingerprint, fingerprintFolder, fingerprintTable, recall, type Recalled, remember } from './remember.js';
import { storeFilm, storeSeries } from './write-images.js';

/** Whose images are added. Without a side a film is bilateral, and a series says itself which knee it shows. */
export interface AddedTo extends VisitKey {
  side?: Side | undefined;
}

export interface AddOptions {
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
 * Adds images from outside a release to an exam: a radiograph (PNG or DICOM file) or the folder of a DICOM series, in one
 * transaction. Adding the same path again changes nothing; a changed file replaces what it was.
 *
 * @throws UserError NOT_FOUND without the path, the participant or the visit, FILE_REFUSED for a file that cannot be used
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
    dataSource.transaction(async (manager) => {
      if (!options.create) await assertKnown(manager, to);
      return isFolder ? addFolder(manager, real, to, options.store) : addFile(manager, real, to, options.store);
    }),
  );
  await audit(dataSource, { tokenId: null, action: 'import', target: real, detail: { ...to, ...added } });
  return added;
}

async function assertKnown(manager: EntityManager, { oaiId, visit }: VisitKey): Promise<void> {
  const hint = 'import its tables first, or say --create';
  const participant = await manager.findOneBy(Participant, { oaiId });
  if (!participant) throw new UserError('NOT_FOUND', `Participant ${oaiId} is not in the database; ${hint}.`);
  const known = await manager.existsBy(Visit, { participantId: participant.id, code: visit });
  if (!known) throw new UserError('NOT_FOUND', `Participant ${oaiId} has no visit ${visit} in the database; ${hint}.`);
}

async function addFile(manager: EntityManager, path: string, to: AddedTo, store: BlobStore): Promise<Added> {
  const { fingerprint, recalled } = await fingerprintTable(manager, path);
  if (recalled && (await isStillThere(manager, recalled, to))) return { kind: 'radiograph', outcomes: ['unchanged'] };
  if ((await modalityOf(path)) === MR) {
    refuseFile(basename(path), `is one slice of an MRI series; give the folder of the series, ${dirname(path)}`);
  }
  const film = await loadRadiograph(path);
  return { kind: 'radiograph', outcomes: [await writeFilm(manager, store, film, to, fingerprint)] };
}

/** Modality in a DICOM header; null for other files, whose reader says what is wrong with them. */
async function modalityOf(path: string): Promise<string | null> {
  try {
    return (await readDicomHeader(path)).modality;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

async function addFolder(manager: EntityManager, path: string, to: AddedTo, store: BlobStore): Promise<Added> {
  const { fingerprint, files, recalled } = await fingerprintFolder(manager, path, basename(path));
  if (recalled && (await isStillThere(manager, recalled, to))) {
    return { kind: 'series', outcomes: (recalled.became.seriesIds ?? []).map(() => 'unchanged') };
  }
  const series = await wholeSeries(path, basename(path));
  const first = series[0]!;
  if (first.attributes.modality !== null && first.attributes.modality !== MR) {
    if (files.length > 1)
      refuseFile(basename(path), `holds ${files.length} ${first.attributes.modality} files; give one of them`);
    const film = await loadRadiograph(first.files[0]!.path);
    return { kind: 'radiograph', outcomes: [await writeFilm(manager, store, film, to, fingerprint)] };
  }
  return { kind: 'series', outcomes: await writeSeries(manager, store, series, to, fingerprint) };
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
  const found = await manager.query<{ side: Side | null }[]>(
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
  store: BlobStore,
  film: Film,
  to: AddedTo,
  fingerprint: Fingerprint,
): Promise<ImageOutcome> {
  const { attributes } = film;
  const [examId, visitId] = await findOwner(manager, to, to.side ?? null);
  const pixels = await storeFilm(manager, store, film);
  if (attributes) await flagPhantom(manager, to.oaiId, attributes);
  const owner = to.side ? { examId, visitId: null } : { visitId, examId: null };
  const before = await earlier(manager, fingerprint.path);
  const known = before.radiographId ? await manager.findOneBy(Radiograph, { id: before.radiographId }) : null;
  if (known) {
    await manager.update(Radiograph, { id: known.id }, owner);
    await remember(manager, fingerprint, { rows: 1, refused: 0, became: { radiographId: known.id } });
    const outcome = await setPixels(manager, known, pixels);
    return outcome === 'unchanged' ? 'updated' : outcome;
  }
  const { identifiers } = await manager.insert(Radiograph, {
    ...owner,
    ...pixels,
    view: attributes?.seriesDescription ?? (to.side ? `Knee ${to.side.toLowerCase()}` : 'Knees bilateral'),
    date: calendarDate(attributes?.studyDate ?? ''),
  });
  await remember(manager, fingerprint, {
    rows: 1,
    refused: 0,
    became: { radiographId: identifiers[0]!['id'] as number },
  });
  return 'inserted';
}

async function writeSeries(
  manager: EntityManager,
  store: BlobStore,
  series: readonly DicomSeries[],
  to: AddedTo,
  fingerprint: Fingerprint,
): Promise<ImageOutcome[]> {
  const before = (await earlier(manager, fingerprint.path)).seriesIds ?? [];
  const seriesIds: number[] = [];
  const outcomes: ImageOutcome[] = [];
  for (const [index, one] of inEchoOrder(series).entries()) {
    const { attributes } = one;
    const side = to.side ?? sideOf({ seriesDescription: null, studyDescription: null }, attributes);
    if (!side)
      return refuseFile(
        basename(fingerprint.path),
        'does not say which knee it shows; say --side RIGHT or --side LEFT',
      );
    const [examId] = await findOwner(manager, to, side);
    const { sequence, plane } = describeSequence(attributes.seriesDescription ?? 'MR', side);
    const pixels = await storeSeries(manager, store, one, niftiDescription(to, sequence, attributes));
    const row = {
      examId: examId!,
      sequence,
      date: calendarDate(attributes.studyDate ?? ''),
      ...pixels,
      plane: pixels.plane ?? plane,
    };
    const known = before[index] === undefined ? null : await manager.findOneBy(MriSeries, { id: before[index] });
    if (known) {
      await manager.update(MriSeries, { id: known.id }, row);
      seriesIds.push(known.id);
      outcomes.push('updated');
    } else {
      const { identifiers } = await manager.insert(MriSeries, row);
      seriesIds.push(identifiers[0]!['id'] as number);
      outcomes.push('inserted');
    }
    await flagPhantom(manager, to.oaiId, attributes);
  }
  await manager.delete(MriSeries, { id: In(before.slice(seriesIds.length)) });
  await remember(manager, fingerprint, { rows: seriesIds.length, refused: 0, became: { seriesIds } });
  return outcomes;
}

/** What the path became when it was added before, changed or not. */
async function earlier(manager: EntityManager, path: string): Promise<Recalled['became']> {
  return (await recall(manager, path))?.became ?? {};
}
