import type { Side } from '../../domain/participants.js';
import { cleanDescription } from '../../imaging/deidentification/index.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { type DicomSeries, scanSeries } from '../../imaging/dicom/series.js';
import { refuseFile } from '../../imaging/refuse.js';
import { describeSequence, type ImageFolder, sideInWords } from '../../oai/index.js';
import type { ImageOrigin } from './origins.js';
import { isBystander } from './remember.js';

/** Name and plane of a series by its description, without whatever is no word of an acquisition. */
export function sequenceOf(description: string | null, side: Side): ReturnType<typeof describeSequence> {
  return describeSequence(cleanDescription(description) ?? 'MR', side);
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

/** Headers of all files of a series. */
export function headersOf({ files }: DicomSeries): DicomAttributes[] {
  return files.map(({ attributes }) => attributes);
}

/** Its files, each once. */
export function pathsOf({ files }: DicomSeries): string[] {
  return [...new Set(files.map(({ path }) => path))];
}

/** The sequence of one of several kinds of image that a scanner made in one series, such as water and fat: W, IN_PHASE. */
export function sequenceOfPart(sequence: string, { kind, echo }: DicomSeries): string {
  if (kind === null) return sequence;
  const words = kind.length <= 2 ? kind : cleanDescription(kind)?.replaceAll(' ', '_');
  return `${sequence}_${words ?? echo}`;
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

/** Text for the NIfTI header; synthetic pixels are called so there too. */
export function niftiDescription(
  { oaiId, visit }: { oaiId: string; visit: string },
  sequence: string,
  { provenance }: Pick<ImageOrigin, 'provenance'>,
): string {
  return `${provenance === 'PHANTOM' ? 'SYNTHETIC phantom ' : ''}${oaiId} ${visit} ${sequence}`;
}
