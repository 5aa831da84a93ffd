import type { EntityManager } from 'typeorm';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { refuseOwnResult } from '../dicom-objects/index.js';

/** @throws UserError FILE_REFUSED for what a bundle made, which an archive of an export or a PACS gives back */
export async function refuseResults(
  manager: EntityManager,
  headers: readonly DicomAttributes[],
  file: string,
): Promise<void> {
  for (const header of new Map(headers.map((one) => [one.seriesUid, one])).values()) {
    await refuseOwnResult(manager, header, file);
  }
}
