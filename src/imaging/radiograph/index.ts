/** Radiographs: reading films, finding knees on them, and the model's input. */
export { encodeFilm, type Film, greyFactor, inWholeGreys, isRadiographFile, loadRadiograph } from './film.js';
export { kneeCrop } from './grading-input.js';
export { filmView, kneeBox, radiographInput } from './input.js';
export { type DetectedKnee, detectKnee, detectKnees, detectorInput } from './detect.js';
export { kneesOn } from './knees.js';
export { readKnees } from './read-knees.js';
export { findKnee, locateKnees } from './locate.js';
export { resample } from './resample.js';
