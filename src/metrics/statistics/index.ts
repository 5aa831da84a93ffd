/** Statistics of comparisons in float64, pinned to scipy by test/golden/statistics.json. */
export { type Agreement, limitsOfAgreement } from './agreement.js';
export { bootstrapMedian, type BootstrapOptions, type Interval } from './bootstrap.js';
export { holm } from './holm.js';
export { median, quantile } from './quantile.js';
export { type SignedRankTest, wilcoxonSignedRank } from './wilcoxon.js';
export { wilson } from './wilson.js';
