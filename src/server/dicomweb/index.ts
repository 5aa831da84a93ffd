import { Router } from 'express';
import type { RequestHandler } from 'express';
import { requireRole } from '../../policy/index.js';
import { viewerOf } from '../authenticate.js';
import { bulkDataHandler, framesHandler, renderedHandler } from './frames.js';
import type { DicomwebOptions } from './options.js';
import { metadataHandler, objectsHandler } from './retrieve.js';
import { searchHandler } from './search.js';
import { storeHandler } from './store.js';

export { DICOMWEB_PATH } from './paths.js';

const STUDY = '/studies/:study';
const SERIES = `${STUDY}/series/:series`;
const INSTANCE = `${SERIES}/instances/:instance`;

/**
 * DICOMweb (PS3.18): QIDO-RS, WADO-RS and STOW-RS. What it serves, and what it does not, is in docs/dicom-conformance.md.
 *
 * @param asked what every request passes first: who asks, and what a request costs
 * @param inTurn has what is read wait for its token's turn
 */
export function dicomweb(
  options: DicomwebOptions,
  asked: readonly RequestHandler[],
  inTurn: (answer: RequestHandler) => RequestHandler,
): Router {
  const router = Router({ caseSensitive: true });
  const get = (paths: string | readonly string[], handler: RequestHandler) =>
    router.get([paths].flat(), ...asked, requireReader, inTurn(handler));
  get('/studies', searchHandler(options, 'STUDY'));
  get(['/series', `${STUDY}/series`], searchHandler(options, 'SERIES'));
  get(['/instances', `${STUDY}/instances`, `${SERIES}/instances`], searchHandler(options, 'INSTANCE'));
  get([STUDY, SERIES, INSTANCE], objectsHandler(options));
  get([`${STUDY}/metadata`, `${SERIES}/metadata`, `${INSTANCE}/metadata`], metadataHandler(options));
  get(`${INSTANCE}/frames/:frames`, framesHandler(options));
  get([`${INSTANCE}/rendered`, `${INSTANCE}/frames/:frames/rendered`], renderedHandler(options));
  get(`${INSTANCE}/bulkdata/:tag`, bulkDataHandler(options));
  router.post(['/studies', STUDY], ...asked, storeHandler(options));
  return router;
}

/** Objects are of people: who may count alone sees none. */
const requireReader: RequestHandler = (_request, response, next) => {
  requireRole(viewerOf(response), 'READER', 'DICOMweb');
  next();
};
