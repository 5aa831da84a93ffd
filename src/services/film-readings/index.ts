/** The only door to automatic readings of radiographs for other layers. */
export { type KneeReader, openKneeReader } from './reader.js';
export { type FilmReadings, openFilmReadings, type ReadingRequest } from './requests.js';
