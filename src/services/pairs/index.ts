/** The only door to pairs of knees: cases, each with a control. */
export { type KneePair, type KneePairs, makePairs, type PairBalance } from './make.js';
export { resolvePairs } from './resolve.js';
