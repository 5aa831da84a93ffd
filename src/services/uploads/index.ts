/** The only door to uploaded radiographs for other layers. */
export { generationsFor, OF_EXAMS, requireUploadReader, uploadsFor } from './access.js';
export { keepUpload } from './keep.js';
export { refuseUploadedResult } from './own-results.js';
export { type FilmReader, openFilmReader } from './reader.js';
export { openUploads, startUploadExpiry, type Uploads } from './remove.js';
