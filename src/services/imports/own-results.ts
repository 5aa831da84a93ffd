import type { EntityManager } from 'typeorm';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { refuseFile } from '../../imaging/refuse.js';
import { isOwnResult } from '../dicom-objects/index.js';

/** @throws UserError FILE_REFUSED for what a bundle made, which an archive of an export or a PACS gives back */
export async function refuseResults(
  manager: EntityManager,
  headers: readonly DicomAttributes[],
  file: string,
): Promise<void> {
  for (const header of new Map(headers.map((one) => [one.seriesUid, one])).values()) {
    if (await isOwnResult(manager, header)) {
      refuseFile(file, 'was made by a bundle of Osteograph, and is no image that was taken of anybody');
    }
  }
}
