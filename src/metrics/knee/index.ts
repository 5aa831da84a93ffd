/** Figures that tell one knee from another, and a knee from nothing; pinned to scipy by test/golden/knee-metrics.json. */
export { boneDice, boneMask } from './bone.js';
export { edgeF1 } from './edge-f1.js';
export { FILM_JOINT_ROW, type FilmConsistency, filmConsistency } from './film-consistency.js';
export { type FilmJointLine, filmJointLine, type JointLine } from './film-joint-line.js';
export {
  type CompartmentReading,
  type CompartmentSpace,
  type FilmJointSpace,
  readFilmJointSpace,
  type UnreadReason,
} from './film-joint-space.js';
export { cropLikeness, jointCrop } from './joint-crop.js';
export { type Retrieval, retrieval, type RetrievalTrial, retrievalTrial } from './retrieval.js';
export { sharpnessRatio } from './sharpness.js';
export { type CompartmentLines, volumeJointLines, type VolumeJointLines } from './volume-joint-lines.js';
export { volumeJointSpace, type VolumeJointSpace } from './volume-joint-space.js';
