/** The only door to DIMSE, DICOM's own protocol, for other layers. */
export { type Caller, parseCaller, requireAeTitle } from './callers.js';
export { openIntake } from './intake.js';
export { startListener } from './listener.js';
export { readPatients } from './patients.js';
export { FIND_LEVELS, findOnPacs, type FindLevel, moveFromPacs, type Moved, parsePacs, type Pacs } from './query.js';
