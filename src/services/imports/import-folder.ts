import { join } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { type DicomSeries, scanSeries } from '../../imaging/dicom/series.js';
import { loadRadiograph } from '../../imaging/radiograph/film.js';
import { refuseFile } from '../../imaging/refuse.js';
import type { Side } from '../../domain/participants.js';
import { Participant, Radiograph, MriSeries } from '../../entities/index.js';
import {
  calendarDate,
  describeSequence,
  filmSide,
  type ImageFolder,
  isFilmBarcode,
  isKneeFilm,
  isKneeSeries,
  sideInWords,
} from '../../oai/index.js';
import type { BlobStore } from '../../storage/index.js';
import { type ExamKey, ExamRegistry, examsOf } from './exam-registry.js';
import { type KnownImage, ownersOfBarcodes } from './owners.js';
import { fingerprintFolder, isBystander, noteTime, type Recalled, remember } from './remember.js';
import { type FilmPixels, type SeriesPixels, storeFilm, storeSeries } from './write-images.js';

export type ImageOutcome = 'inserted' | 'updated' | 'unchanged' | 'passedOver';

/**
 * Imports one image folder of a release in one transaction. Tables that name its barcode say whose it is and of which visit and
 * knee; without them the folder's path, contents.csv and the DICOM header do.
 *
 * @throws UserError FILE_REFUSED naming the folder or file; then nothing of it was written
 */
export async function importImageFolder(
  dataSource: DataSource,
  store: BlobStore,
  folder: ImageFolder,
  { reread }: { reread: boolean },
): Promise<ImageOutcome> {
  const isFilm = isFilmBarcode(folder.barcode);
  if (folder.seriesDescription !== null && !isOfKnee(folder.seriesDescription, isFilm)) return 'passedOver';
  const { fingerprint, files, recalled } = await fingerprintFolder(dataSource.manager, folder.path, folder.file);
  const find = async (manager: EntityManager): Promise<KnownImage | undefined> =>
    (await ownersOfBarcodes(manager, isFilm ? 'radiograph' : 'mri_series', [folder.barcode])).get(folder.barcode);
  if (recalled && !reread && holds(recalled, await find(dataSource.manager))) {
    await noteTime(dataSource.manager, fingerprint, recalled);
    return recalled.rows === 0 ? 'passedOver' : 'unchanged';
  }
  return dataSource.transaction(async (manager) => {
    const known = await find(manager);
    if (known && known.oaiId !== folder.oaiId) {
      refuseFile(
        folder.file,
        `has the barcode ${folder.barcode}, which is that of an image of participant ${known.oaiId}`,
      );
    }
    const outcome = isFilm
      ? await importFilm(manager, store, folder, files, known)
      : await importSeries(manager, store, folder, known);
    const assetId = (await find(manager))?.assetId;
    const rows = outcome === 'passedOver' ? 0 : files.length;
    await remember(manager, fingerprint, { rows, refused: 0, became: typeof assetId === 'number' ? { assetId } : {} });
    return outcome;
  });
}

/** Whether the database still has what the folder became: another folder may have given the barcode another image, or somebody removed it. */
function holds({ rows, became }: Recalled, known: KnownImage | undefined): boolean {
  if (rows === 0) return true;
  const assetId = known?.assetId ?? null;
  // What was read before the blob was noted is taken to be what is there.
  return assetId !== null && (became.assetId === undefined || became.assetId === assetId);
}

function isOfKnee(description: string, isFilm: boolean): boolean {
  return isFilm ? isKneeFilm(description) : isKneeSeries(description);
}

async function importFilm(
  manager: EntityManager,
  store: BlobStore,
  folder: ImageFolder,
  files: readonly string[],
  known: KnownImage | undefined,
): Promise<ImageOutcome> {
  if (files.length !== 1) refuseFile(folder.file, `holds ${files.length} files; the folder of a film holds one`);
  const film = await loadRadiograph(join(folder.path, files[0]!));
  if (!film.attributes) refuseFile(folder.file, 'holds no DICOM file');
  assertOwner(film.attributes, folder);
  const view =
    known?.name ?? folder.seriesDescription ?? film.attributes.seriesDescription ?? 'Bilateral PA Fixed Flexion Knee';
  if (!isKneeFilm(view)) return 'passedOver';

  const side = filmSide(view);
  const [examId, visitId] = await findOwner(manager, known ?? folder, side);
  await flagPhantom(manager, folder.oaiId, film.attributes);
  const { sopClassUid, sopInstanceUid } = film.attributes;
  // UIDs of the release are pseudonyms already; those of films from elsewhere are not kept.
  const pixels = { ...(await storeFilm(manager, store, film)), sopClassUid, sopInstanceUid };
  if (known) return setPixels(manager, known, pixels);
  await manager.insert(Radiograph, {
    ...(side ? { examId } : { visitId }),
    ...{ barcode: folder.barcode, view, date: folder.date ?? calendarDate(film.attributes.studyDate ?? '') },
    ...pixels,
  });
  return 'inserted';
}

async function importSeries(
  manager: EntityManager,
  store: BlobStore,
  folder: ImageFolder,
  known: KnownImage | undefined,
): Promise<ImageOutcome> {
  const series = await wholeSeries(folder.path, folder.file);
  const { attributes } = series[0]!;
  if (new Set(series.map(({ seriesUid }) => seriesUid)).size > 1) {
    refuseFile(folder.file, 'mixes the files of several series');
  }
  for (const { files } of series) for (const file of files) assertOwner(file.attributes, folder);
  const description = folder.seriesDescription ?? attributes.seriesDescription ?? known?.name ?? 'MR';
  if (!isKneeSeries(description)) return 'passedOver';
  const side = known?.side ?? sideOf(folder, attributes);
  if (!side)
    return refuseFile(folder.file, 'does not say which knee it shows, neither in its description nor in contents.csv');

  const { sequence, plane } = describeSequence(description, side);
  const outcomes: ImageOutcome[] = [];
  for (const [index, echo] of inEchoOrder(series).entries()) {
    const barcode = index === 0 ? folder.barcode : `${folder.barcode}-${index + 1}`;
    const pixels = await storeSeries(manager, store, echo, niftiDescription(folder, sequence, attributes));
    const row = index === 0 ? known : (await ownersOfBarcodes(manager, 'mri_series', [barcode])).get(barcode);
    if (row) outcomes.push(await setPixels(manager, row, { ...pixels, plane: pixels.plane ?? plane }));
    else {
      const exam: ExamKey = known ? { oaiId: known.oaiId, visit: known.visit, side } : { ...folder, side };
      const [examId] = await findOwner(manager, exam, side);
      const date = folder.date ?? calendarDate(attributes.studyDate ?? '');
      await manager.insert(MriSeries, {
        examId: examId!,
        barcode,
        sequence,
        date,
        ...pixels,
        plane: pixels.plane ?? plane,
      });
      outcomes.push('inserted');
    }
  }
  await flagPhantom(manager, folder.oaiId, attributes);
  return outcomes.find((outcome) => outcome !== 'unchanged') ?? 'unchanged';
}

/**
 * The series in a folder.
 * @throws UserError FILE_REFUSED when it has none, or a file that cannot be read: without it a slice would be missing
 */
export async function wholeSeries(path: string, name: string): Promise<DicomSeries[]> {
  const { series, refused } = await scanSeries(path);
  const damaged = refused.find((file) => !isBystander(file.path));
  if (damaged) refuseFile(name, `holds a file that cannot be used: ${damaged.reason.replace(/\.$/, '')}`);
  return series.length > 0 ? series : refuseFile(name, 'holds no DICOM files');
}

/** Echoes of one series by number; a series of one echo is alone. */
export function inEchoOrder(series: readonly DicomSeries[]): DicomSeries[] {
  return [...series].sort((a, b) => (a.echo ?? 0) - (b.echo ?? 0));
}

/** The knee that a series' descriptions or its laterality name. */
export function sideOf(
  folder: Pick<ImageFolder, 'seriesDescription' | 'studyDescription'>,
  attributes: DicomAttributes,
): Side | null {
  const words = [
    folder.seriesDescription,
    folder.studyDescription,
    attributes.seriesDescription,
    attributes.studyDescription,
    attributes.laterality,
  ];
  for (const text of words) {
    const side = text === null ? null : sideInWords(text);
    if (side) return side;
  }
  return null;
}

/** A file whose header names another participant lies in the wrong folder; anonymised headers name nobody. */
function assertOwner({ patientId }: DicomAttributes, { oaiId, file }: ImageFolder): void {
  if (patientId !== null && /^\d{7}$/.test(patientId) && patientId !== oaiId) {
    refuseFile(file, `holds an image of participant ${patientId}, not ${oaiId}`);
  }
}

/** Text for the NIfTI header; synthetic pixels are called so there too. */
export function niftiDescription(
  { oaiId, visit }: { oaiId: string; visit: string },
  sequence: string,
  { synthetic }: DicomAttributes,
): string {
  return `${synthetic ? 'SYNTHETIC phantom ' : ''}${oaiId} ${visit} ${sequence}`;
}

/** The exam (null for both knees) and the visit of an image, made where they are not there yet. */
export async function findOwner(
  manager: EntityManager,
  key: Omit<ExamKey, 'side'>,
  side: Side | null,
): Promise<[examId: number | null, visitId: number]> {
  // Of its own: an image is one transaction, and a rolled-back one leaves nothing to forget.
  const registry = new ExamRegistry();
  const [examId] = await registry.exams(manager, examsOf(key, side));
  const [visitId] = await registry.visits(manager, [key]);
  return [side === null ? null : examId!, visitId!];
}

/** Gives a known film or series its pixels. */
export async function setPixels(
  manager: EntityManager,
  known: Pick<KnownImage, 'id' | 'assetId'>,
  pixels: FilmPixels | SeriesPixels,
): Promise<ImageOutcome> {
  if (known.assetId === pixels.assetId) return 'unchanged';
  if ('sliceCount' in pixels) await manager.update(MriSeries, { id: known.id }, pixels);
  else await manager.update(Radiograph, { id: known.id }, pixels);
  return known.assetId === null ? 'inserted' : 'updated';
}

/** A participant whose DICOM files say Synthetic Data = YES is a phantom, whatever its id. */
export async function flagPhantom(
  manager: EntityManager,
  oaiId: string,
  { synthetic }: DicomAttributes,
): Promise<void> {
  if (synthetic) await manager.update(Participant, { oaiId, phantom: false }, { phantom: true });
}
