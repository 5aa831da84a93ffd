/** The only door to imports for other layers. */
export { type Added, type AddedTo, addImages, type AddOptions } from './add-images.js';
export { type ArrivalRun, openArrivalRun } from './add-arrived.js';
export { CHANGE_KINDS, type ColumnChange } from './changes.js';
export { listImports, type PastImport } from './history.js';
export { Contradiction, findQuarantined, forgetQuarantined, listQuarantine, resolveQuarantined } from './quarantine.js';
export { type Written } from './write-added.js';
export { listReleases } from './releases.js';
export { importRelease, type ImportOptions, type ImportProgress } from './import-release.js';
export { withImportLock } from './lock.js';
export { type ColumnLoss, UNDO_KINDS } from './undo/losses.js';
export { undoImport, type UndoSummary } from './undo/index.js';
export {
  changedAnything,
  type CountedRefusal,
  type ImageSummary,
  type ImportSummary,
  readNothing,
  type TableSummary,
} from './summary.js';
