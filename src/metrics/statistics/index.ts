/** Statistics of comparisons in float64, pinned to scipy by test/golden/statistics.json, and to statsmodels by clustered.json. */
export { type Agreement, limitsOfAgreement } from './agreement.js';
export { bootstrapMedian, type BootstrapOptions, type Interval } from './bootstrap.js';
export { type ClusteredCorrelation, type PairedNumbers, pearson, spearman } from './clustered-correlation.js';
export { type ClusteredShare, type ClusterSums, clusteredShare } from './clustered-share.js';
export { holm } from './holm.js';
export { type Candidate, type NearestPair, nearestPairs, type Scale } from './nearest-pairs.js';
export { median, quantile } from './quantile.js';
export { solve } from './solve.js';
export * from './survival/index.js';
export { type SignedRankTest, wilcoxonSignedRank } from './wilcoxon.js';
export { wilson } from './wilson.js';
