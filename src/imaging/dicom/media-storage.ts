import dicomParser from 'dicom-parser';
import { type FileSource, readSource } from '../source.js';
import { isDicom } from './read.js';
import { uidOrNull } from './uid.js';

/** What the meta information of a file says that it is; null where it does not. */
export interface MediaStorage {
  readonly sopClassUid: string | null;
  readonly sopInstanceUid: string | null;
}

/** The meta information of a file, which is never packed: the cheapest look at what it is. Null for what is no DICOM file. */
export function readMediaStorage(bytes: Uint8Array): MediaStorage | null {
  if (!isDicom(bytes)) return null;
  try {
    const meta = dicomParser.parseDicom(bytes, { untilTag: 'x00020010' });
    const uid = (tag: string) => uidOrNull(meta.string(tag)?.replace(/\0/g, '').trim());
    return { sopClassUid: uid('x00020002'), sopInstanceUid: uid('x00020003') };
  } catch {
    return null;
  }
}

/** More than any meta information has, bytes. */
const META_BYTES = 64 * 1024;

/** SOP classes without an image that come with series: directories, reports, presentation states, raw and encapsulated data (PS3.4 B.5). */
const WITHOUT_IMAGE =
  /^1\.2\.840\.10008\.(?:1\.3\.10|5\.1\.4\.1\.1\.(?:11\.\d+|66|66\.[1-3]|66\.5|88\.\d+|104\.\d+|9\.\d+(?:\.\d+)?))$/;

/** Whether a file is a whole DICOM file that holds no image by its kind. */
export async function isWithoutImage(source: FileSource): Promise<boolean> {
  const { bytes } = await readSource(source, META_BYTES);
  return WITHOUT_IMAGE.test(readMediaStorage(bytes)?.sopClassUid ?? '');
}
