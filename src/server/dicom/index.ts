/** The only door to DIMSE, DICOM's own protocol, for other layers. */
export { type Caller, parseCaller, requireAeTitle } from './callers.js';
export { courierOf } from './courier.js';
export { openIntake } from './intake.js';
export { startListener } from './listener.js';
export { readPatients } from './patients.js';
export { type Pacs, parsePacs } from './pacs.js';
export { FIND_LEVELS, findOnPacs, type FindLevel, moveFromPacs, type Moved } from './query.js';
export { type CallingTls, callingTls, type ListeningTls, listeningTls, type TlsFiles } from './tls.js';
