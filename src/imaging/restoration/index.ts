/** Restoration of films around the network: windows, noise, enlargement, the way back to grey values and files. */
export { enlarge, reduce } from './cubic.js';
export { estimateNoise } from './noise.js';
export { aimInWords, finishFilm, type PreparedFilm, prepareFilm, type RestorationAim } from './prepare.js';
export { type NetworkFilm, restorePrepared } from './restore.js';
export { encodeRestoredFilm, type RestoredHeader } from './restored-dicom.js';
export { type Previews, previewsOf, renderBeforeAfter } from './before-after.js';
