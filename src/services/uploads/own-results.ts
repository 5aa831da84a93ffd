import type { DataSource } from 'typeorm';
import { UPLOAD_NAME } from '../../domain/uploads.js';
import { isDicom } from '../../imaging/dicom/read.js';
import { seriesOf } from '../../imaging/dicom/study.js';
import { refuseOwnResult } from '../dicom-objects/index.js';

/** @throws UserError FILE_REFUSED for an object that a bundle made, even where its header no longer says so, and for a damaged header */
export async function refuseUploadedResult(dataSource: DataSource, bytes: Uint8Array): Promise<void> {
  if (isDicom(bytes)) await refuseOwnResult(dataSource, seriesOf(bytes, UPLOAD_NAME), UPLOAD_NAME);
}
