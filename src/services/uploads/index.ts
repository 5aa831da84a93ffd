/** The only door to uploaded files for other layers. */
export { generationsFor, OF_EXAMS, requireUploadReader, uploadsFor } from './access.js';
export { keepUpload } from './keep.js';
export { keepMask } from './keep-mask.js';
export { refuseUploadedResult } from './own-results.js';
export { type FilmReader, type MaskReader, openFilmReader, openMaskReader } from './reader.js';
export { openUploads, startUploadExpiry, type Uploads } from './remove.js';
export { removeMasksOf } from './remove-mask.js';
