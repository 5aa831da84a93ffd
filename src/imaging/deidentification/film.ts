import { createHash } from 'node:crypto';
import type { DicomAttributes } from '../dicom/attributes.js';
import { isDicom, readDicomHeader } from '../dicom/read.js';
import { type Film, loadRadiograph } from '../radiograph/film.js';
import { blackenStrips } from '../redact.js';
import { type Deidentified, deidentifyDicom } from './deidentify.js';
import { DEIDENTIFICATION_POLICY, type DeidentifiedSubject } from './policy.js';
import { PIXEL_DATA, ReportBook } from './report.js';

/**
 * Reads a film from what de-identification leaves of its file: nothing else of it can get any further. Of a picture that is the pixels.
 *
 * @param subjectFor whose it becomes, by the date and the UID of its study, as its header has them; null of a picture
 * @throws UserError FILE_REFUSED as {@link loadRadiograph} and {@link deidentifyDicom}
 */
export async function deidentifyFilm(
  { bytes, name }: { bytes: Uint8Array; name: string },
  subjectFor: (study: Pick<DicomAttributes, 'studyDate' | 'studyUid'> | null) => DeidentifiedSubject,
): Promise<{ film: Film; object: Deidentified }> {
  if (isDicom(bytes)) {
    const object = await deidentifyDicom({ bytes, name }, subjectFor(await readDicomHeader({ bytes, name })));
    return { film: await loadRadiograph({ bytes: object.bytes!, name }), object };
  }
  const film = await loadRadiograph({ bytes, name });
  const { redact } = subjectFor(null);
  blackenStrips(film.data, film.data.slice(), { ...film, frames: 1 }, redact, name);
  const book = new ReportBook();
  book.note('PixelData', PIXEL_DATA, redact.length > 0 ? 'CLEANED' : 'KEPT');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const report = { sha256, sopInstanceUid: null, policy: DEIDENTIFICATION_POLICY, attributes: book.attributes };
  return { film, object: { bytes: null, report } };
}
