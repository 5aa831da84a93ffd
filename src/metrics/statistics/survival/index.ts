/** Time to events, with competing ones and clusters, in float64; pinned to R's survival and cmprsk by test/golden/survival.json. */
export { cumulativeIncidence, type CurvePoint, kaplanMeier } from './curves.js';
export type { FollowUp, GroupedFollowUp } from './follow-up.js';
export { grayTest } from './gray.js';
export { type GroupTest, logRank } from './log-rank.js';
export { chiSquareTail, type ScoreTest } from './score-test.js';
