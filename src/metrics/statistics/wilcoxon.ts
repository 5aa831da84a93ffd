import { twoSidedNormal } from './normal.js';
import { meanRanks, tieGroups } from './ranks.js';

/** What the signed-rank test says about paired differences. */
export interface SignedRankTest {
  /** Pairs that differ; those that do not are left out (Wilcoxon's own rule). */
  readonly pairs: number;
  readonly zeros: number;
  /** The smaller of the two sums of ranks. */
  readonly statistic: number;
  /** Two-sided; 1 when no pair differs. */
  readonly pValue: number;
  /** EXACT over all assignments of signs, ties included; NORMAL with ties corrected, without continuity correction. */
  readonly method: 'EXACT' | 'NORMAL';
}

/** Up to so many pairs every assignment of signs is counted; the counts are whole numbers below 2^53. */
const EXACT_PAIRS = 50;

/**
 * Wilcoxon's signed-rank test of paired differences against a symmetric distribution around 0. Agrees with
 * scipy.stats.wilcoxon (zero_method "wilcox"); with ties, up to 50 pairs, it is scipy's permutation method, without drawing.
 */
export function wilcoxonSignedRank(differences: readonly number[]): SignedRankTest {
  const kept = differences.filter((value) => value !== 0);
  const pairs = kept.length;
  const zeros = differences.length - pairs;
  if (pairs === 0) return { pairs, zeros, statistic: 0, pValue: 1, method: 'EXACT' };
  const groups = tieGroups(kept.map(Math.abs));
  const ranks = meanRanks(groups);
  const ties = groups.reduce((sum, { length }) => sum + (length ** 3 - length), 0);
  const total = (pairs * (pairs + 1)) / 2;
  const positive = ranks.reduce((sum, rank, index) => sum + (kept[index]! > 0 ? rank : 0), 0);
  const statistic = Math.min(positive, total - positive);
  if (pairs <= EXACT_PAIRS) return { pairs, zeros, statistic, pValue: exact(ranks, statistic), method: 'EXACT' };
  const variance = (pairs * (pairs + 1) * (2 * pairs + 1)) / 24 - ties / 48;
  const pValue = twoSidedNormal((positive - total / 2) / Math.sqrt(variance));
  return { pairs, zeros, statistic, pValue, method: 'NORMAL' };
}

/** Share of the sign assignments with a sum of ranks at most `statistic`, on either side. Doubled, tied ranks are whole. */
function exact(ranks: readonly number[], statistic: number): number {
  const doubled = ranks.map((rank) => Math.round(2 * rank));
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const ways = new Float64Array(total + 1);
  ways[0] = 1;
  let reached = 0;
  for (const rank of doubled) {
    for (let sum = reached; sum >= 0; sum--) ways[sum + rank]! += ways[sum]!;
    reached += rank;
  }
  let extreme = 0;
  for (let sum = 0; sum <= Math.round(2 * statistic); sum++) extreme += ways[sum]!;
  return Math.min(1, (2 * extreme) / 2 ** ranks.length);
}
