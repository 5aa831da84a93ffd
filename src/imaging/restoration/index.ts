/** Restoration of films around the network: windows, noise, enlargement, the way back to grey values and files. */
export { enlarge, reduce } from './cubic.js';
export { estimateNoise } from './noise.js';
export { finishFilm, type PreparedFilm, prepareFilm, type RestorationAim } from './prepare.js';
export { encodeRestoredFilm, type RestoredHeader } from './restored-dicom.js';
export { renderBeforeAfter } from './before-after.js';
