import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VISITS } from '../../domain/visits.js';
import type { VisitCode } from '../../domain/visits.js';
import type { Side } from '../../domain/participants.js';
import { dicomUid, encodeDicom } from '../../imaging/dicom/write.js';
import type { DicomKeywords } from '../../imaging/dicom/write.js';
import { takeFilm } from './film.js';
import type { FilmTruth } from './film.js';
import { gradesAt } from './grades.js';
import type { GradeChanges } from './grades.js';
import { mriFiles, seriesOf } from './mri-files.js';
import { BOTH_SIDES } from './people.js';
import type { Person, PersonVisit } from './people.js';
import { makePhantom } from './phantom.js';
import { Random } from './random.js';
import type { Scanner } from './scanners.js';

export interface ImageOptions {
  readonly seed: number;
  readonly compact: boolean;
  /** Draws no MRI: enough to train what reads films alone, in a fraction of the time. */
  readonly filmsOnly: boolean;
  /** The films' pixels, mm; default 0.2, or 0.3 when compact. */
  readonly filmPixel?: number | undefined;
  /** What is done to the grades of the knees' courses. */
  readonly changes?: GradeChanges | undefined;
  /** What takes the MRI; default: the release's usual scanner of 3 T. */
  readonly scanner?: Scanner | undefined;
  /** Folder of the release. */
  readonly out: string;
}

/** One image folder of the release: a row of contents.csv. */
export interface ImageFolder {
  readonly visit: VisitCode;
  /** Path inside the visit's folder, for example `0.C.2/1000001/20050314/60100014`. */
  readonly folder: string;
  readonly personId: string;
  readonly date: string;
  readonly barcode: string;
  readonly study: string;
  readonly series: string;
}

/** A row of synthetic-truth.csv: where the generator put a knee on the film, in film pixels. */
export interface TruthRow {
  readonly personId: string;
  readonly visit: VisitCode;
  readonly side: Side;
  readonly filmBarcode: string;
  readonly mriBarcode: string;
  readonly place: FilmTruth;
}

/** Makes and writes the film and the MRI series of one visit. */
export async function writeVisitImages(
  person: Person,
  at: PersonVisit,
  options: ImageOptions,
): Promise<{ folders: ImageFolder[]; truth: TruthRow[] }> {
  const { seed } = options;
  const phantomOf = (side: Side) => {
    const identity = { seed, participant: person.index, side, sex: person.sex, bmi: person.bmi };
    const grades = at.grades[side] ?? gradesAt(person.courses[side], 0, false);
    return makePhantom(identity, grades, at.grades[side] === null);
  };
  const phantoms = { RIGHT: phantomOf('RIGHT'), LEFT: phantomOf('LEFT') };
  const filmPixel = filmPixelOf(options);
  const film = takeFilm(phantoms.RIGHT, phantoms.LEFT, filmPixel, new Random(seed, person.index, at.visit, 'film'));
  const folders: ImageFolder[] = [];
  const truth: TruthRow[] = [];
  const filmFolder = folderOf(person, at, at.filmBarcode, 'OAI^XRAY^', FILM_NAME);
  folders.push(filmFolder);
  const filmUid = dicomUid('osteograph synthetic', seed, at.filmBarcode);
  await writeFiles(options.out, filmFolder, [
    encodeDicom({
      pixels: film.pixels,
      rows: film.rows,
      columns: film.columns,
      photometric: film.inverted ? 'MONOCHROME1' : 'MONOCHROME2',
      bitsStored: 12,
      sopClass: 'CR',
      sopInstanceUid: `${filmUid}`,
      elements: {
        ...commonElements(person, at, filmFolder, seed),
        Modality: 'CR',
        BodyPartExamined: 'KNEE',
        ViewPosition: 'PA',
        Laterality: 'B',
        ImagerPixelSpacing: [filmPixel, filmPixel],
        PixelSpacing: [filmPixel, filmPixel],
        DistanceSourceToDetector: 1829,
        KVP: 60,
        InstanceNumber: 1,
        WindowCenter: 2048,
        WindowWidth: 4096,
      },
    }),
  ]);
  for (const side of BOTH_SIDES) {
    const barcode = at.mriBarcodes[side];
    const replaced = at.grades[side] === null;
    truth.push({
      personId: person.id,
      visit: at.visit,
      side,
      filmBarcode: at.filmBarcode,
      mriBarcode: replaced || options.filmsOnly ? '' : barcode,
      place: side === 'RIGHT' ? film.right : film.left,
    });
    if (replaced || options.filmsOnly) continue;
    const folder = folderOf(person, at, barcode, 'OAI^MR^', `COR_T1_3D_FLASH_${side}`, side);
    folders.push(folder);
    const series = seriesOf(phantoms[side], side, [seed, person.index, at.visit, side], options);
    const common = commonElements(person, at, folder, seed, options.scanner?.name);
    await writeFiles(options.out, folder, mriFiles(series, { common, side, seed, barcode }));
  }
  return { folders, truth };
}

/** Size of the films' pixels, mm. */
export function filmPixelOf({ compact, filmPixel }: Pick<ImageOptions, 'compact' | 'filmPixel'>): number {
  return filmPixel ?? (compact ? 0.3 : 0.2);
}

const FILM_NAME = 'Bilateral PA Fixed Flexion Knee';

/** Release letters of the image folders: C for the first half of the cohort, E for the second. */
const RELEASES: Readonly<Partial<Record<VisitCode, readonly [string, string]>>> = {
  V00: ['0.C.2', '0.E.1'],
  V01: ['1.C.2', '1.E.1'],
  V03: ['3.C.2', '3.E.1'],
  V05: ['5.C.1', '5.E.1'],
  V06: ['6.C.1', '6.E.1'],
  V08: ['8.C.1', '8.E.1'],
  V10: ['10.C.1', '10.E.1'],
};

/** The folder of a visit's images, for example `00m`. */
export function visitFolder(visit: VisitCode): string {
  return VISITS.find(({ code }) => code === visit)!.folder;
}

/** yyyymmdd */
export function compactDate(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}

function folderOf(
  person: Person,
  at: PersonVisit,
  barcode: string,
  study: string,
  series: string,
  side?: Side,
): ImageFolder {
  const release = RELEASES[at.visit]![person.half - 1]!;
  const date = compactDate(at.date);
  const month = VISITS.find(({ code }) => code === at.visit)!.month;
  const when = month === 0 ? (side ? 'ENROLLMENT' : 'SCREENING') : `${month} MONTH`;
  return {
    visit: at.visit,
    folder: [release, person.id, date, barcode.slice(-8)].join('/'),
    personId: person.id,
    date,
    barcode,
    study: side ? `${study}${when}^${side}` : `${study}${when}^KNEE`,
    series,
  };
}

async function writeFiles(
  out: string,
  folder: ImageFolder,
  files: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const path = join(out, visitFolder(folder.visit), folder.folder);
  await mkdir(path, { recursive: true });
  let written = 0;
  for await (const bytes of files) await writeFile(join(path, String(++written).padStart(3, '0')), bytes);
}

/** @param scanner what its images are told by from those of other scanners; the frame of reference is the same for all: the knee lies alike */
function commonElements(
  person: Person,
  at: PersonVisit,
  folder: ImageFolder,
  seed: number,
  ...scanner: readonly (string | undefined)[]
): DicomKeywords {
  const own = scanner.filter((name) => name !== undefined);
  const date = compactDate(at.date);
  return {
    SpecificCharacterSet: 'ISO_IR 100',
    ImageType: ['ORIGINAL', 'PRIMARY'],
    SyntheticData: 'YES',
    StudyDate: date,
    SeriesDate: date,
    AcquisitionDate: date,
    ContentDate: date,
    StudyTime: '100000',
    AccessionNumber: folder.barcode,
    Manufacturer: 'Osteograph phantom',
    ManufacturerModelName: 'Synthetic release',
    StudyDescription: folder.study,
    SeriesDescription: folder.series,
    PatientName: person.id,
    PatientID: person.id,
    PatientBirthDate: '',
    PatientSex: person.sex === 'MALE' ? 'M' : 'F',
    PatientAge: `${String(at.age).padStart(3, '0')}Y`,
    StudyInstanceUID: dicomUid('osteograph synthetic', seed, person.id, at.visit, folder.study, ...own),
    SeriesInstanceUID: dicomUid('osteograph synthetic', seed, folder.barcode, 'series', ...own),
    FrameOfReferenceUID: dicomUid('osteograph synthetic', seed, folder.barcode, 'frame'),
    StudyID: folder.barcode.slice(-8),
    SeriesNumber: 1,
    ImageComments: 'SYNTHETIC PHANTOM',
    RescaleIntercept: 0,
    RescaleSlope: 1,
  };
}
