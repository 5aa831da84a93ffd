/** Radiographs: reading films, finding knees on them, and the model's input. */
export { loadRadiograph, type Film } from './film.js';
export { filmView, kneeBox, radiographInput } from './input.js';
export { findKnee, localiseKnees, type SquareBox } from './localise.js';
export { resample } from './resample.js';
