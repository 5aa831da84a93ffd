/** The only door to T2 maps for other layers. */
export { findT2MapFile, t2MapFile, type T2MapSource } from './file.js';
export { T2_MAP } from './kind.js';
export { cancelT2Map, findT2Map, requestT2Map, type T2MapRequest } from './requests.js';
