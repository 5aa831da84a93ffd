import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../domain/errors.js';
import { packageVersion } from '../../domain/package.js';
import { RADIOGRAPH_VISITS, VISIT_CODES } from '../../domain/visits.js';
import type { VisitCode } from '../../domain/visits.js';
import { type Gradients, gradientsFile } from '../../imaging/superres/gradients.js';
import { STATEMENT_FILE, STATEMENT_FORMAT } from '../release/statement.js';
import type { KneeGrades } from './grades.js';
import { filmPixelOf, visitFolder } from './images.js';
import { defaultThreads, writeImagesInThreads } from './image-work.js';
import type { WrittenImages } from './image-work.js';
import { drawPerson, visitOf } from './people.js';
import { type Scanner, type ScannerName, scannerOf, sliceCount } from './scanners.js';
import type { PersonVisit } from './people.js';
import { TableFile } from './table-file.js';
import { ReleaseTables } from './tables.js';

/** What a synthetic release is made of; the same values give the same bytes. */
export interface ReleaseParameters {
  /** 1 to 100,000 participants. */
  readonly participants: number;
  readonly seed: number;
  /** Visits that tables and images exist for. */
  readonly visits: readonly VisitCode[];
  /** MRI of 256 x 256 and film pixels of 0.3 mm instead of 512 x 512 and 0.2 mm. */
  readonly compact: boolean;
  /** Only the first so many participants get images. */
  readonly imageParticipants: number;
  /** Films without MRI. The films are the same either way. */
  readonly filmsOnly?: true;
  /** The films' pixels, mm; default 0.2, or 0.3 when compact. */
  readonly filmPixel?: number;
  /** Of those with images, only these: places in the list of participants, from 0. */
  readonly imagesOf?: readonly number[];
  /** Grades set in every knee: the same people with and without a feature. */
  readonly grades?: Partial<KneeGrades>;
  /** Some of each knee's grades drawn anew: the same people with other findings, for each number others. */
  readonly redraw?: number;
  /** What takes the MRI, with its physics; default: the usual scanner of 3 T, whose images have no faults but shading and noise. */
  readonly scanner?: ScannerName;
  /** Coefficients of the scanner's gradient coils; default: its own. */
  readonly gradients?: Gradients;
}

export interface ReleaseOptions {
  /** Folder of the release; made when it is missing. */
  readonly out: string;
  /** Write even into a folder that holds something else. */
  readonly force?: boolean;
  /** Threads that draw images; default one per core, at most four. */
  readonly threads?: number;
  /** Called after each participant whose images are on disk. */
  readonly onParticipant?: (done: number, total: number) => void;
}

/**
 * Writes a synthetic OAI release: `tables/`, `00m/...` image folders with contents.csv, synthetic-truth.csv and README.txt.
 * A folder that already holds the same release whole is left as it is.
 *
 * @returns false when there was nothing to do
 * @throws UserError CONFLICT when `out` holds anything else and `force` is not set
 */
export async function writeRelease(parameters: ReleaseParameters, options: ReleaseOptions): Promise<boolean> {
  const { out } = options;
  const stamp = { format: STATEMENT_FORMAT, generator: packageVersion, ...parameters };
  await mkdir(out, { recursive: true });
  const state = await stateOf(out, JSON.stringify(stamp));
  if (state === 'whole' && !options.force) return false;
  if (state === 'foreign' && !options.force) {
    throw new UserError(
      'CONFLICT',
      `The folder ${out} is not empty and holds something other than this synthetic release: name an empty folder, or use --force.`,
    );
  }
  await writeStamp(out, { ...stamp, complete: false });
  await writeFile(join(out, 'README.txt'), readme(parameters));
  const scanner = scannerOfRelease(parameters);
  if (scanner) await writeFile(join(out, GRADIENTS_FILE), gradientsFile(scanner.gradients));
  writeTables(parameters, join(out, 'tables'));
  await writeAllImages(parameters, options);
  await writeStamp(out, { ...stamp, complete: true });
  return true;
}

/** The coefficients of a release's scanner, for what unwarps its series. */
const GRADIENTS_FILE = 'gradients.json';

function scannerOfRelease({ scanner, compact, gradients }: ReleaseParameters): Scanner | undefined {
  return scanner && scannerOf(scanner, compact, gradients);
}

async function stateOf(out: string, wanted: string): Promise<'empty' | 'partial' | 'whole' | 'foreign'> {
  if ((await readdir(out)).length === 0) return 'empty';
  if (!existsSync(join(out, STATEMENT_FILE))) return 'foreign';
  const { complete, ...parameters } = JSON.parse(await readFile(join(out, STATEMENT_FILE), 'utf8')) as Record<
    string,
    unknown
  >;
  if (JSON.stringify(parameters) !== wanted) return 'foreign';
  return complete === true ? 'whole' : 'partial';
}

async function writeStamp(out: string, stamp: object): Promise<void> {
  await writeFile(join(out, `${STATEMENT_FILE}.partial`), `${JSON.stringify(stamp, null, 2)}\n`);
  await rename(join(out, `${STATEMENT_FILE}.partial`), join(out, STATEMENT_FILE));
}

function writeTables(parameters: ReleaseParameters, folder: string): void {
  const { participants, seed, visits, grades: fixed, redraw } = parameters;
  const tables = new ReleaseTables(folder, seed, visits);
  for (let index = 0; index < participants; index++) {
    const person = drawPerson(seed, index);
    const attended = VISIT_CODES.map((visit) => visitOf(seed, person, visit, { fixed, redraw }));
    tables.add(
      person,
      attended.filter((at): at is PersonVisit => at !== null),
    );
  }
  tables.close();
}

async function writeAllImages(parameters: ReleaseParameters, options: ReleaseOptions): Promise<void> {
  const { seed, compact, visits } = parameters;
  const count = Math.min(parameters.imageParticipants, parameters.participants);
  const { filmsOnly = false, filmPixel, imagesOf, grades: fixed, redraw } = parameters;
  const participants = (imagesOf ?? Array.from({ length: count }, (_, index) => index)).filter(
    (index) => index < count,
  );
  const changes = { fixed, redraw };
  const scanner = scannerOfRelease(parameters);
  const work = { seed, compact, visits, out: options.out, participants, filmsOnly, filmPixel, changes, scanner };
  const threads = options.threads ?? defaultThreads();
  const written: WrittenImages[] = [];
  const seen = new Set<number>();
  const onWritten = (images: WrittenImages) => {
    written.push(images);
    seen.add(images.participant);
    options.onParticipant?.(seen.size, participants.length);
  };
  await writeImagesInThreads(work, threads, onWritten);
  written.sort((a, b) => a.participant - b.participant || (a.visit < b.visit ? -1 : 1));
  if (participants.length === 0) return;
  for (const visit of visits.filter((code) => RADIOGRAPH_VISITS.includes(code)))
    await writeContents(options.out, visit, written);
  writeTruth(options.out, written);
}

/** contents.csv of a visit's folder, with the oddities of the real ones: trailing blanks, barcodes that lost their beginning. */
async function writeContents(out: string, visit: VisitCode, written: readonly WrittenImages[]): Promise<void> {
  await mkdir(join(out, visitFolder(visit)), { recursive: true });
  const barcodeName = visit === 'V06' ? 'AccessionNumber' : 'Barcode';
  const header = ['Folder', 'ParticipantID', 'StudyDate', barcodeName, 'StudyDescription', 'SeriesDescription'];
  const table = new TableFile(join(out, visitFolder(visit), 'contents.csv'), header, ',');
  for (const { folders } of written.filter((images) => images.visit === visit)) {
    for (const image of folders) {
      const barcode = visit >= 'V08' ? image.barcode.slice(1) : String(Number(image.barcode.slice(-8)));
      const study = image.study.endsWith('RIGHT') ? `${image.study} ` : image.study;
      table.row([image.folder, image.personId, image.date, barcode, study, image.series]);
    }
  }
  table.close();
}

function writeTruth(out: string, written: readonly WrittenImages[]): void {
  const table = new TableFile(join(out, 'synthetic-truth.csv'), TRUTH_HEADER, ',');
  for (const { truth } of written) {
    for (const { personId, visit, side, filmBarcode, mriBarcode, place } of truth) {
      const { centreColumn, centreRow, plateauWidth, boxLeft, boxTop, boxSide } = place;
      const places = [centreColumn, centreRow, plateauWidth, boxLeft, boxTop, boxSide].map((value) => value.toFixed(2));
      table.row([personId, visit, side, filmBarcode, mriBarcode, ...places]);
    }
  }
  table.close();
}

const TRUTH_HEADER = [
  ...['ID', 'VISIT', 'SIDE', 'FILM_BARCODE', 'MR_BARCODE'],
  ...['CENTRE_COL_PX', 'CENTRE_ROW_PX', 'PLATEAU_WIDTH_PX', 'BOX_LEFT', 'BOX_TOP', 'BOX_SIDE'],
];

function readme(parameters: ReleaseParameters): string {
  const { participants, seed, visits, compact, imageParticipants, filmsOnly, imagesOf, grades, redraw } = parameters;
  const scanner = scannerOfRelease(parameters);
  const of = imagesOf ? `${imagesOf.length} chosen` : `the first ${Math.min(imageParticipants, participants)}`;
  const set = Object.entries(grades ?? {}).map(([code, grade]) => `${code} ${grade}`);
  const changed = redraw === undefined ? '' : `\ngrades drawn anew   a third of each knee's, with ${redraw}`;
  const films = `film pixels ${filmPixelOf(parameters)} mm`;
  const mri = filmsOnly ? 'no MRI' : mriInWords(parameters);
  return `SYNTHETIC RELEASE - NOT DATA OF THE OSTEOARTHRITIS INITIATIVE

Every participant, grade, score and image here was invented by a computer program (Osteograph). The files have the shapes
of an OAI release so that software can be developed and tested without one. They are not evidence about real knees.
IDs start with 1; those of real participants start with 9. ${STATEMENT_FILE} tells an import that the participants are
phantoms, and every DICOM file says Synthetic Data (0008,001C) = YES: keep both with whatever you take from here.

participants        ${participants} (images for ${of})
seed                ${seed}
visits              ${visits.join(' ')}${set.length > 0 ? `\nset in every knee   ${set.join(', ')}` : ''}${changed}
images              ${compact ? 'compact' : 'full'}: ${mri}, ${films}

tables/             labelled ASCII tables (pipe-separated, CRLF)
00m/ 12m/ ...       <release>/<ID>/<date>/<barcode>/001 ... as DICOM, with a contents.csv per visit
${scanner ? SCANNER_FILES : ''}synthetic-truth.csv label: synthetic. Where the generator put each knee on its film, in film pixels (no real release has this)
`;
}

const SCANNER_FILES = `${GRADIENTS_FILE}      coefficients of the scanner's gradient coils, which the series are not corrected for
`;

function mriInWords(parameters: ReleaseParameters): string {
  const scanner = scannerOfRelease(parameters);
  if (!scanner) return parameters.compact ? 'MRI 256 x 256' : 'MRI 512 x 512';
  const { name, matrix } = scanner;
  return `MRI ${matrix} x ${matrix} x ${sliceCount(scanner)} of a scanner of ${name.replace('T', ' T')}`;
}
