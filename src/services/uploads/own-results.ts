import type { DataSource } from 'typeorm';
import { isDicom } from '../../imaging/dicom/read.js';
import { seriesOf } from '../../imaging/dicom/study.js';
import { refuseOwnResult } from '../dicom-objects/index.js';

/** What messages call an uploaded file: its own name may name a patient. */
const NAME = 'The file';

/** @throws UserError FILE_REFUSED for what a bundle made, also where it does not say so any more, and for a damaged header */
export async function refuseUploadedResult(dataSource: DataSource, bytes: Uint8Array): Promise<void> {
  if (isDicom(bytes)) await refuseOwnResult(dataSource, seriesOf(bytes, NAME), NAME);
}
