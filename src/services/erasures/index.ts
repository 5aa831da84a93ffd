/** The only door to erasures for other layers. */
export { eraseAgain } from './again.js';
export { type Certificate, listErasures, type TableRows } from './certificate.js';
export { eraseParticipant, type ErasureRequest, type ErasureServices } from './erase.js';
export type { Erased, Eraser, Erasing } from './erasers.js';
