import { readdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { UserError } from '../../domain/errors.js';
import { refuseUnread } from '../source.js';
import { type Plane, STORED_AXES } from '../volume.js';
import type { DicomAttributes, Vector3 } from './attributes.js';
import { isWithoutImage } from './media-storage.js';
import { readDicomHeaders } from './read.js';
import { cross, dot, toLps } from './vectors.js';

/** One slice of a series: a file, or a frame of one. */
export interface SeriesFile {
  readonly path: string;
  /** Which frame of the file, from 0; the only one of most. */
  readonly frame: number;
  readonly attributes: DicomAttributes;
}

/** The files of one echo of one DICOM series, in slice order. Only headers are held. */
export interface DicomSeries {
  readonly seriesUid: string;
  /** Echo number, or echo time, of a multi-echo series; the acquisition, or which kind of image, where those share a series; else null. */
  readonly echo: number | null;
  /** Kind of image, such as W or F, where several kinds share a series; else null. */
  readonly kind: string | null;
  /** From position, else from the words COR, SAG or AX in the description; null when neither says. */
  readonly plane: Plane | null;
  /** What the slices were ordered by. Without positions the direction of the order is not known. */
  readonly orderedBy: 'position' | 'location' | 'instance';
  readonly files: readonly SeriesFile[];
  /** Header of the first file: what all files share. */
  readonly attributes: DicomAttributes;
}

export interface RefusedFile {
  /** Path below the scanned folder. */
  readonly path: string;
  readonly reason: string;
}

/**
 * Reads the headers below a folder and groups the files into series, one per SeriesInstanceUID and echo; what a scanner has put into one
 * series at the same places is told apart by echo time, acquisition or kind of image. Files that came twice count once, and DICOM files
 * that hold no image (reports, presentation states, raw data) are left out. A file that cannot be read is listed as refused, and the rest
 * goes on.
 *
 * @throws UserError FILE_REFUSED when there is no such folder
 */
export async function scanSeries(folder: string): Promise<{ series: DicomSeries[]; refused: RefusedFile[] }> {
  const numbered = new Map<string, SeriesFile[]>();
  const refused: RefusedFile[] = [];
  const met = new Set<string>();
  for (const path of await listFiles(folder)) {
    try {
      for (const [frame, attributes] of (await readDicomHeaders(path)).entries()) {
        const identity = identityOf(attributes, frame);
        if (identity !== null && met.has(identity)) continue;
        if (identity !== null) met.add(identity);
        const key = JSON.stringify([attributes.seriesUid, attributes.echoNumber]);
        const group = numbered.get(key) ?? [];
        group.push({ path, frame, attributes });
        numbered.set(key, group);
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (await isWithoutImage(path)) continue;
      refused.push({ path: relative(folder, path), reason: error.message });
    }
  }
  const groups = [...numbered.values()].flatMap((files) =>
    files[0]!.attributes.echoNumber === null ? byEchoTime(files) : [files],
  );
  const echoes = new Map<string, number>();
  for (const files of groups) {
    const uid = files[0]!.attributes.seriesUid ?? '';
    echoes.set(uid, (echoes.get(uid) ?? 0) + 1);
  }
  const series = groups.flatMap((files) => {
    const multiEcho = echoes.get(files[0]!.attributes.seriesUid ?? '')! > 1;
    return partsOf(files, multiEcho).map((part) => orderSeries(part));
  });
  return { series, refused };
}

/** What two copies of one image share; not its UID alone, because some tools that anonymise give all files one. No frame is a copy of another. */
function identityOf({ sopInstanceUid, ...header }: DicomAttributes, frame: number): string | null {
  const { seriesUid, instanceNumber, position, orientation, echoNumber, echoTime, acquisitionNumber, imageType } =
    header;
  if (sopInstanceUid === null) return null;
  const place = [frame, instanceNumber, position, orientation, echoNumber, echoTime, acquisitionNumber, imageType];
  return JSON.stringify([sopInstanceUid, seriesUid, ...place]);
}

/** Files of one series, and what tells them from the others. */
type Part = Pick<DicomSeries, 'echo' | 'kind' | 'files'>;

/** The one part of files that lie at different places; of others the parts that do, by the first word of their headers that gives such. */
function partsOf(files: readonly SeriesFile[], multiEcho: boolean): Part[] {
  const whole: Part = { echo: multiEcho ? echoOf(files[0]!.attributes) : null, kind: null, files };
  if (lieApart(files)) return [whole];
  const tellers: ((attributes: DicomAttributes) => number | string | null)[] = [
    ({ echoTime }) => echoTime,
    ({ acquisitionNumber }) => acquisitionNumber,
    ({ imageType }) => imageType,
  ];
  for (const teller of tellers) {
    const groups = Map.groupBy(files, ({ attributes }) => teller(attributes));
    if (groups.size < 2 || groups.has(null) || ![...groups.values()].every(lieApart)) continue;
    return [...groups]
      .sort(([a], [b]) => (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))))
      .map(([word, part], index) => ({
        echo: typeof word === 'number' ? word : index + 1,
        kind: typeof word === 'string' ? kindIn(word) : null,
        files: part,
      }));
  }
  return [whole];
}

/** Whether no two files are known to lie at the same place. */
function lieApart(files: readonly SeriesFile[]): boolean {
  const places = files.map(({ attributes: { position } }) => position?.map((value) => value.toFixed(2)).join());
  return places.includes(undefined) || new Set(places).size === files.length;
}

/** The last word of an Image Type, such as W of ORIGINAL\\PRIMARY\\W. */
function kindIn(imageType: string): string {
  return imageType
    .split('\\')
    .at(-1)!
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_');
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) =>
    refuseUnread(basename(folder), error, { ENOENT: 'there is no such folder', ENOTDIR: 'it is no folder' }),
  );
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Echo times of one echo jitter by less than this, ms. */
const ECHO_JITTER = 0.01;

/** Files of one series without echo numbers, echo by echo: where the next echo time is farther than any jitter, another begins. */
function byEchoTime(files: readonly SeriesFile[]): SeriesFile[][] {
  const times = [...new Set(files.flatMap(({ attributes: { echoTime } }) => echoTime ?? []))].sort((a, b) => a - b);
  const echoes = new Map<number | null, number>();
  let echo = 0;
  for (const [index, time] of times.entries()) {
    if (index > 0 && time - times[index - 1]! >= ECHO_JITTER) echo++;
    echoes.set(time, echo);
  }
  return [...Map.groupBy(files, ({ attributes }) => echoes.get(attributes.echoTime)).values()];
}

/** Echo number, or the echo time in hundredths of ms where files of one series lack numbers. */
function echoOf({ echoNumber, echoTime }: DicomAttributes): number | null {
  return echoNumber ?? (echoTime === null ? null : Math.round(100 * echoTime) / 100);
}

function orderSeries({ files, echo, kind }: Part): DicomSeries {
  const { attributes } = files[0]!;
  const normal = attributes.orientation && cross(...attributes.orientation);
  const plane = normal ? planeOfNormal(normal) : planeOfDescription(attributes.seriesDescription);
  const by = (key: (file: SeriesFile) => number | null): SeriesFile[] | null =>
    files.every((file) => key(file) !== null) ? [...files].sort((a, b) => key(a)! - key(b)!) : null;

  const forward = normal && plane ? towardsStored(normal, plane) : null;
  const byPosition = forward ? by(({ attributes: { position } }) => position && dot(position, forward)) : null;
  const byLocation = by((file) => file.attributes.sliceLocation);
  const byInstance = by((file) => file.attributes.instanceNumber) ?? [...files];
  const distinct = new Set(files.map((file) => file.attributes.sliceLocation)).size === files.length;
  const ordered = byPosition ?? (distinct ? byLocation : null) ?? byInstance;
  return {
    seriesUid: attributes.seriesUid ?? '',
    echo,
    kind,
    plane,
    orderedBy: ordered === byPosition ? 'position' : ordered === byLocation ? 'location' : 'instance',
    files: ordered,
    attributes: ordered[0]!.attributes,
  };
}

function planeOfNormal(normal: Vector3): Plane {
  const [x, y, z] = normal.map(Math.abs) as [number, number, number];
  if (y >= x && y >= z) return 'CORONAL';
  return x >= z ? 'SAGITTAL' : 'AXIAL';
}

function planeOfDescription(description: string | null): Plane | null {
  const words = description?.toUpperCase() ?? '';
  if (/\bCOR|_COR/.test(words)) return 'CORONAL';
  if (/\bSAG|_SAG/.test(words)) return 'SAGITTAL';
  return /\bAX|_AX/.test(words) ? 'AXIAL' : null;
}

/** The slice normal, turned so that it points the way slices of that plane are stored. */
export function towardsStored(normal: Vector3, plane: Plane): Vector3 {
  const stored = toLps(STORED_AXES[plane][2]);
  return dot(normal, stored) < 0 ? [-normal[0], -normal[1], -normal[2]] : normal;
}
