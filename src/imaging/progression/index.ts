/** Progression of a knee on its film: the joint's field, frames from grade to grade, and their files. */
export { type KneeToProgress, type TracedKnee, traceKnee } from './knee.js';
export { checkWish, type ProgressionFrame, progressionFrames, type ProgressionWish } from './frames.js';
export { encodeProgression } from './dicom.js';
export { frameGreys } from './greys.js';
export { encodeMoving } from './moving.js';
export { type CurvePoint, type FramePreview, movingFrame, previewFrame, renderCurve } from './pictures-to-look-at.js';
export { frameTable } from './table.js';
