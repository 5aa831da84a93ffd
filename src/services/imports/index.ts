/** The only door to imports for other layers. */
export { type Added, type AddedTo, addImages, type AddOptions } from './add-images.js';
export { importRelease, type ImportOptions, type ImportProgress } from './import-release.js';
export {
  changedAnything,
  type CountedRefusal,
  type ImageSummary,
  type ImportSummary,
  readNothing,
  type TableSummary,
} from './summary.js';
