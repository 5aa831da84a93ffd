/** The only door to the DICOM objects of images, kept and made, for other layers. */
export {
  type DicomPath,
  findSeries,
  type FoundSeries,
  type GivenObject,
  type ObjectSource,
  objectsOf,
  readFiles,
  readObjects,
  SOURCE_COLUMNS,
  SOURCE_TABLES,
  sourceOf,
} from './objects.js';
export { sightOf, VISIBLE, visibleTo } from './visible.js';
