/** Radiographs: reading films, finding knees on them, and the model's input. */
export { loadRadiograph, type Film } from './film.js';
export { filmView, kneeBox, radiographInput, type FilmView, type RadiographOptions } from './input.js';
export { BOX_PER_PLATEAU, findKnee, localiseKnees, type KneePlace, type SquareBox } from './localise.js';
export { resample, type Raster, type Window } from './resample.js';
