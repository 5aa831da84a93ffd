import { join } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { cleanDescription, refuseBurnedIn } from '../../imaging/deidentification/index.js';
import { readDicomHeader } from '../../imaging/dicom/read.js';
import { refuseFile } from '../../imaging/refuse.js';
import type { Side } from '../../domain/participants.js';
import { Radiograph, MriSeries } from '../../entities/index.js';
import {
  calendarDate,
  filmSide,
  type ImageFolder,
  isFilmBarcode,
  isKneeFilm,
  isKneeSeries,
  type ReleaseStatement,
} from '../../oai/index.js';
import type { BlobStore } from '../../storage/index.js';
import { type DeidentifiedFor, deidentifierFor, type ObjectOptions } from './deidentifying.js';
import { type ExamKey, ExamRegistry, examsOf } from './exam-registry.js';
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
import { type ImageOwner, settle } from './identity.js';
import { type ImageOrigin, originOf, type ReleaseOrigin } from './origins.js';
import { refuseResults } from './own-results.js';
import { type KnownImage, ownersOfBarcodes, refuseOtherPatient } from './owners.js';
import { keepingContradictions, requireConsistent } from './quarantine.js';
import { keepChanges } from './runs.js';
import { fingerprintFolder, noteTime, type Recalled, remember } from './remember.js';
import { type FilmPixels, type SeriesPixels, storeFilm, storeSeries, uidsOf } from './write-images.js';

export interface FolderOptions {
  /** The import that meets the folder. */
  run: number;
  /** Read it even if it is as it was. */
  reread: boolean;
  statement: ReleaseStatement | null;
  objects: ObjectOptions;
  /** Called for the image of a folder that is as it was. */
  held: (table: 'radiograph' | 'mri_series', id: number) => void;
}

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
  { run, reread, statement, objects, held }: FolderOptions,
): Promise<ImageOutcome> {
  const isFilm = isFilmBarcode(folder.barcode);
  if (folder.seriesDescription !== null && !isOfKnee(folder.seriesDescription, isFilm)) return 'passedOver';
  const { fingerprint, files, recalled } = await fingerprintFolder(dataSource.manager, folder.path, folder.file);
  const find = async (manager: EntityManager): Promise<KnownImage | undefined> =>
    (await ownersOfBarcodes(manager, isFilm ? 'radiograph' : 'mri_series', [folder.barcode])).get(folder.barcode);
  const known = await find(dataSource.manager);
  if (recalled && !reread && holds(recalled, known)) {
    await noteTime(dataSource.manager, fingerprint, recalled);
    if (known) held(isFilm ? 'radiograph' : 'mri_series', known.id);
    return recalled.rows === 0 ? 'passedOver' : 'unchanged';
  }
  const inTransaction = async (manager: EntityManager): Promise<ImageOutcome> => {
    await keepChanges(manager, run);
    const known = await find(manager);
    if (known && known.oaiId !== folder.oaiId) {
      refuseFile(
        folder.file,
        `has the barcode ${folder.barcode}, which is that of an image of participant ${known.oaiId}`,
      );
    }
    const release = { phantoms: statement !== null, name: statement?.name ?? imageReleaseOf(folder) };
    const source = { manager, store, folder, release, known, objects };
    const outcome = isFilm ? await importFilm(source, files) : await importSeries(source);
    const assetId = (await find(manager))?.assetId;
    const rows = outcome === 'passedOver' ? 0 : files.length;
    await remember(manager, fingerprint, { rows, refused: 0, became: typeof assetId === 'number' ? { assetId } : {} });
    return outcome;
  };
  return keepingContradictions(dataSource, () => dataSource.transaction(inTransaction));
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

/** An image folder with what is known of it. */
interface FolderSource {
  manager: EntityManager;
  store: BlobStore;
  folder: ImageFolder;
  release: ReleaseOrigin;
  /** The row that has its barcode. */
  known: KnownImage | undefined;
  objects: ObjectOptions;
}

async function importFilm(
  { manager, store, folder, release, known, objects }: FolderSource,
  files: readonly string[],
): Promise<ImageOutcome> {
  if (files.length !== 1) refuseFile(folder.file, `holds ${files.length} files; the folder of a film holds one`);
  const path = join(folder.path, files[0]!);
  const attributes = await readDicomHeader(path);
  refuseOtherPatient(attributes, folder);
  await refuseResults(manager, [attributes], folder.file);
  const described = known?.name ?? folder.seriesDescription ?? attributes.seriesDescription ?? BILATERAL;
  if (!isKneeFilm(described)) return 'passedOver';

  const side = filmSide(described);
  const owner: ImageOwner = known ? ownerOf(known) : { oaiId: folder.oaiId, visit: folder.visit, side };
  const [examId, visitId] = await findOwner(manager, known ?? folder, side, release.phantoms);
  const origin = originOf(withStudy(attributes, folder), [attributes.sopInstanceUid], release);
  const deidentify = await deidentifierFor(manager, store, subjectOf(folder, origin), objects);
  const { film, object } = await deidentify.film(path, folder.file);
  const pixels = { ...(await storeFilm(manager, store, film)), ...origin, ...uidsOf(film) };
  const { contentSha256 } = pixels;
  const { file } = folder;
  await requireConsistent(manager, [attributes], { kind: 'RADIOGRAPH', file, ...owner, side, contentSha256 });
  const { outcome, id } = await writeImage(manager, Radiograph, folder, owner, known, pixels, {
    ...(side ? { examId, visitId: null } : { visitId, examId: null }),
    barcode: folder.barcode,
    view: known?.name ?? cleanDescription(described) ?? BILATERAL,
    date: folder.date ?? calendarDate(film.attributes?.studyDate ?? ''),
  });
  await deidentify.keep({ radiographId: id }, [object]);
  if (origin.provenance === 'PHANTOM') await flagPhantom(manager, folder.oaiId);
  return outcome;
}

/** OAI's usual film. */
const BILATERAL = 'Bilateral PA Fixed Flexion Knee';

/** Whose objects those in a folder become; the release has published their day. */
function subjectOf({ oaiId, date }: ImageFolder, { provenance }: ImageOrigin): DeidentifiedFor {
  return { oaiId, published: date, synthetic: provenance === 'PHANTOM' };
}

async function importSeries({ manager, store, folder, release, known, objects }: FolderSource): Promise<ImageOutcome> {
  const series = await wholeSeries(folder.path, folder.file);
  const { attributes } = series[0]!;
  if (new Set(series.map(({ seriesUid }) => seriesUid)).size > 1) {
    refuseFile(folder.file, 'mixes the files of several series');
  }
  for (const { files } of series) {
    for (const file of files) {
      refuseOtherPatient(file.attributes, folder);
      refuseBurnedIn(file.attributes, [], folder.file);
    }
  }
  await refuseResults(manager, series.flatMap(headersOf), folder.file);
  const description = folder.seriesDescription ?? attributes.seriesDescription ?? known?.name ?? 'MR';
  if (!isKneeSeries(description)) return 'passedOver';
  const side = known?.side ?? sideOf(folder, attributes);
  if (!side)
    return refuseFile(folder.file, 'does not say which knee it shows, neither in its description nor in contents.csv');

  const { sequence, plane } = sequenceOf(description, side);
  const owner: ImageOwner = known ? { ...ownerOf(known), side } : { oaiId: folder.oaiId, visit: folder.visit, side };
  const outcomes: ImageOutcome[] = [];
  for (const [index, echo] of inEchoOrder(series).entries()) {
    const barcode = index === 0 ? folder.barcode : `${folder.barcode}-${index + 1}`;
    const origin = originOf(withStudy(attributes, folder), [echo.seriesUid || null, echo.echo], release);
    const [examId] = await findOwner(manager, owner, side, release.phantoms);
    const deidentify = await deidentifierFor(manager, store, subjectOf(folder, origin), objects);
    const header = await deidentify.header(echo.files[0]!, folder.file);
    const description = niftiDescription(folder, sequence, origin);
    const pixels = await storeSeries(manager, store, echo, description, { header, redact: objects.redact });
    const { contentSha256 } = pixels;
    const { file } = folder;
    await requireConsistent(manager, headersOf(echo), { kind: 'MRI_SERIES', file, ...owner, side, contentSha256 });
    const row = index === 0 ? known : (await ownersOfBarcodes(manager, 'mri_series', [barcode])).get(barcode);
    const { outcome, id } = await writeImage(
      manager,
      MriSeries,
      folder,
      owner,
      row,
      { ...pixels, ...origin, plane: pixels.plane ?? plane },
      {
        examId: examId!,
        barcode,
        sequence: sequenceOfPart(sequence, echo),
        date: folder.date ?? calendarDate(header.studyDate ?? ''),
      },
    );
    await deidentify.keep({ seriesId: id }, pathsOf(echo));
    outcomes.push(outcome);
    if (origin.provenance === 'PHANTOM') await flagPhantom(manager, folder.oaiId);
  }
  return outcomes.find((outcome) => outcome !== 'unchanged') ?? 'unchanged';
}

/**
 * Writes an image of a release. A row whose pixels something was made from keeps them and gives up its barcode to the row beside it.
 *
 * @param pixels what the file says
 * @param described what the release says, for a row that is made
 */
async function writeImage<P extends (FilmPixels | SeriesPixels) & ImageOrigin>(
  manager: EntityManager,
  entity: typeof Radiograph | typeof MriSeries,
  folder: ImageFolder,
  owner: ImageOwner,
  known: KnownImage | undefined,
  pixels: P,
  described: { barcode: string; date: string | null } & Record<string, unknown>,
): Promise<{ outcome: ImageOutcome; id: number }> {
  const settled = await settle(manager, entity === Radiograph ? 'radiograph' : 'mri_series', {
    name: folder.file,
    owner,
    ...pixels,
    barcode: described.barcode,
    earlier: known ? [known.id] : [],
    unredactedSha256: null,
  });
  const { beside } = settled;
  for (const { id } of beside) await manager.update(entity, { id }, { barcode: null });
  if (settled.is === 'new') {
    const { identifiers } = await manager.insert(entity, { ...described, ...pixels });
    return { outcome: beside.length > 0 ? 'updated' : 'inserted', id: Number(identifiers[0]!['id']) };
  }
  const { row } = settled;
  // What was added by hand, or came before origins were kept, is now known to be of the release.
  const adopted = row.barcode === null ? { barcode: described.barcode, date: described.date } : {};
  await manager.update(entity, { id: row.id }, { ...pixels, ...adopted });
  const isAsItWas = settled.is === 'known' && beside.length === 0;
  const outcome = row.assetId === null ? 'inserted' : isAsItWas ? 'unchanged' : 'updated';
  return { outcome, id: row.id };
}

function ownerOf({ oaiId, visit, side }: KnownImage): ImageOwner {
  return { oaiId, visit, side };
}

/** The image release in a folder's path, such as 0.C.2. */
function imageReleaseOf({ file }: ImageFolder): string | null {
  return file.split(/[\\/]/).find((part) => /^\d{1,2}\.[A-Z]\.\d+$/i.test(part)) ?? null;
}

/** A header whose study contents.csv may describe in its stead. */
function withStudy({ synthetic, studyDescription }: DicomAttributes, folder: ImageFolder) {
  return { synthetic, studyDescription: folder.studyDescription ?? studyDescription };
}

/** The exam (null for both knees) and the visit of an image, made where they are not there yet. */
export async function findOwner(
  manager: EntityManager,
  key: Omit<ExamKey, 'side'>,
  side: Side | null,
  phantoms: boolean,
): Promise<[examId: number | null, visitId: number]> {
  // Of its own: an image is one transaction, and a rolled-back one leaves nothing to forget.
  const registry = new ExamRegistry(phantoms);
  const [examId] = await registry.exams(manager, examsOf(key, side));
  const [visitId] = await registry.visits(manager, [key]);
  return [side === null ? null : examId!, visitId!];
}

/** A participant whose images say that they are synthetic is a phantom, unless one of them is of a person. */
export async function flagPhantom(manager: EntityManager, oaiId: string): Promise<void> {
  await manager.query(
    `UPDATE participant p SET phantom = true WHERE p.oai_id = $1 AND NOT p.phantom
       AND NOT EXISTS (SELECT 1 FROM knee_exam e JOIN mri_series s ON s.exam_id = e.id
         WHERE e.participant_id = p.id AND s.provenance = 'REAL' AND s.asset_id IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM visit v JOIN radiograph r ON r.visit_id = v.id
           OR r.exam_id IN (SELECT e.id FROM knee_exam e WHERE e.visit_id = v.id)
         WHERE v.participant_id = p.id AND r.provenance = 'REAL' AND r.asset_id IS NOT NULL)`,
    [oaiId],
  );
}
