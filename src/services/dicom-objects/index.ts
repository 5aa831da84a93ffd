/** The only door to the DICOM objects of images, kept and made, for other layers. */
export {
  type DicomPath,
  findSeries,
  type FoundSeries,
  type GivenObject,
  objectsOf,
  readFiles,
  readObjects,
} from './objects.js';
export { isOwnResult, refuseOwnResult } from './own-results.js';
export { type ObjectSource, SOURCE, SOURCE_COLUMNS, SOURCE_TABLES, sourceOf } from './source.js';
export { LISTED, sightOf, VISIBLE, visibleTo } from './visible.js';
