import { BATCH } from '../services/batches/index.js';
import { EVALUATION } from '../services/evaluations/index.js';
import { EXPORT } from '../services/exports/index.js';
import { GENERATION } from '../services/generations/index.js';
import { READER_STUDY } from '../services/reader-studies/index.js';
import { DICOM_SENDING } from '../services/sendings/index.js';
import { T2_MAP } from '../services/t2-maps/index.js';
import { WEBHOOK_DELIVERY } from '../services/webhooks/index.js';
import { WorkRegistry } from '../work/index.js';

/** Every kind of work that the platform does; a new one is added here. */
export const KINDS = new WorkRegistry([
  GENERATION,
  BATCH,
  EVALUATION,
  EXPORT,
  READER_STUDY,
  DICOM_SENDING,
  T2_MAP,
  WEBHOOK_DELIVERY,
]);
