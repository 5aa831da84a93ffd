import { basename, dirname, join, relative } from 'node:path';
import { UserError } from '../../domain/errors.js';
import { isOaiId } from '../../domain/participants.js';
import { VISITS, type VisitCode } from '../../domain/visits.js';
import { openTable } from '../tables/open-table.js';
import { cell, textIn } from '../tables/reader.js';
import { calendarDate, normaliseBarcode, parseText } from '../values.js';
import { type ReleaseListing, visitOfFolder, visitOfImageRelease, type VisitFolder } from './list.js';
import { listFolder, locateFolder, type Refusal } from './paths.js';

/** A folder that holds one film or one MRI series, and what the release says of it. */
export interface ImageFolder {
  readonly path: string;
  /** Path below the release. */
  readonly file: string;
  readonly visit: VisitCode;
  readonly oaiId: string;
  /** yyyy-mm-dd */
  readonly date: string | null;
  /** Twelve digits. */
  readonly barcode: string;
  /** From contents.csv; null for folders that it does not list. */
  readonly studyDescription: string | null;
  readonly seriesDescription: string | null;
}

/** The image folders of a release, and how many of contents.csv's are not on this disk. */
export interface ImageFolders {
  readonly folders: readonly ImageFolder[];
  readonly absent: number;
}

/**
 * Finds the image folders on disk: all of OAI's layout `<visit>m/<release>/<ID>/<yyyymmdd>/<8 digits>`, whether contents.csv
 * lists them or not, and those that contents.csv lists elsewhere inside the release.
 */
export async function findImageFolders(
  listing: ReleaseListing,
  refuse: (refusal: Refusal) => void,
): Promise<ImageFolders> {
  const folders = new Map<string, ImageFolder>();
  for (const visitFolder of listing.visitFolders) {
    for await (const folder of walkVisit(listing.root, visitFolder, refuse)) folders.set(folder.path, folder);
  }
  let absent = 0;
  for (const contents of listing.contents) {
    const file = relative(listing.root, contents);
    try {
      for await (const row of readContents(listing, contents)) {
        if ('reason' in row) refuse(row);
        else if ('absent' in row) absent++;
        else addListed(row, folders, (reason) => refuse({ file, row: row.line, reason }));
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refuse({ file, reason: error.message });
    }
  }
  return { folders: [...folders.values()], absent };
}

/** What contents.csv says completes what the folder's own path says; where the two differ, the path is believed. */
function addListed(row: ImageFolder, folders: Map<string, ImageFolder>, refuse: (reason: string) => void): void {
  const onDisk = folders.get(row.path);
  if (onDisk && onDisk.oaiId !== row.oaiId) {
    refuse(`ParticipantID ${row.oaiId} is not that of the folder ${row.file}.`);
    return;
  }
  const { studyDescription, seriesDescription } = row;
  folders.set(row.path, onDisk ? { ...onDisk, studyDescription, seriesDescription } : row);
}

async function* walkVisit(
  root: string,
  { path, visit }: VisitFolder,
  refuse: (refusal: Refusal) => void,
): AsyncGenerator<ImageFolder> {
  const below = async (folder: string, accept: (name: string) => boolean): Promise<string[]> =>
    (await listFolder(root, folder, refuse)).folders
      .filter(({ name }) => accept(name))
      .map(({ name }) => join(folder, name));
  for (const release of await below(
    path,
    (name) => visitOfImageRelease(name) !== null || visitOfFolder(name) === visit,
  )) {
    // The 48-month release unpacks to 48m/48m.
    if (visitOfFolder(basename(release))) yield* walkVisit(root, { path: release, visit }, refuse);
    else
      for (const participant of await below(release, isOaiId))
        for (const day of await below(participant, (name) => /^\d{8}$/.test(name)))
          for (const image of await below(day, (name) => normaliseBarcode(name) !== null))
            yield {
              path: image,
              file: relative(root, image),
              visit,
              oaiId: basename(participant),
              date: calendarDate(basename(day)),
              barcode: normaliseBarcode(basename(image))!,
              studyDescription: null,
              seriesDescription: null,
            };
  }
}

type ContentsRow = (ImageFolder & { readonly line: number }) | { readonly absent: true } | Refusal;

/** The rows of one contents.csv, whose columns' names differ from month to month. */
async function* readContents({ root }: ReleaseListing, path: string): AsyncGenerator<ContentsRow> {
  const file = relative(root, path);
  const { columns, rows } = await openTable(path);
  const folder = columns.key('where the images are', 'FOLDER');
  const participant = columns.key('the participant', 'PARTICIPANTID', 'ID');
  const barcode = columns.find('BARCODE', 'ACCESSIONNUMBER');
  const date = columns.find('STUDYDATE');
  const study = columns.find('STUDYDESCRIPTION');
  const series = columns.find('SERIESDESCRIPTION');
  const base = dirname(path);
  const visitOfBase = visitOfFolder(basename(base));
  for await (const { line, cells } of rows()) {
    const refused = (reason: string): Refusal => ({ file, row: line, reason });
    const name = cell(cells, folder).trim();
    const oaiId = cell(cells, participant).trim();
    if (!isOaiId(oaiId)) {
      yield refused(`ParticipantID is "${oaiId.slice(0, 40)}"; a participant's id has seven digits.`);
      continue;
    }
    const studyDescription = textIn(cells, study);
    const visit = visitOfBase ?? visitOfPath(name) ?? visitOfStudy(studyDescription ?? '');
    const month = visit && VISITS.find(({ code }) => code === visit)!.folder;
    const located = await locateFolder(root, [base, ...(month ? [join(base, month)] : [])], name);
    if ('reason' in located) yield refused(located.reason);
    else if ('absent' in located) yield located;
    else {
      const code = normaliseBarcode(basename(located.path)) ?? normaliseBarcode(barcode ? cell(cells, barcode) : '');
      if (visit === null) yield refused(`Folder "${name.slice(0, 80)}" does not say which visit it belongs to.`);
      else if (code === null) yield refused(`Folder "${name.slice(0, 80)}" has no barcode.`);
      else
        yield {
          line,
          path: located.path,
          file: relative(root, located.path),
          visit,
          oaiId,
          date: calendarDate(parseText(date ? cell(cells, date) : '') ?? ''),
          barcode: code,
          studyDescription,
          seriesDescription: textIn(cells, series),
        };
    }
  }
}

/** The visit in a study's description: `OAI^MR^ENROLLMENT^RIGHT`, `OAI^MR^12 MONTH^LEFT`. */
function visitOfStudy(description: string): VisitCode | null {
  if (/\^(ENROLLMENT|SCREENING|BASELINE)\b/i.test(description)) return 'V00';
  const month = /\^(\d{1,3}) MONTH/i.exec(description)?.[1];
  return (month && VISITS.find((visit) => visit.month === Number(month))?.code) || null;
}

function visitOfPath(folder: string): VisitCode | null {
  for (const part of folder.split(/[\\/]/)) {
    const visit = visitOfFolder(part) ?? visitOfImageRelease(part);
    if (visit) return visit;
  }
  return null;
}
