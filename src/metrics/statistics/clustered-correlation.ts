import { NORMAL_95 } from './normal.js';
import { meanRanks, tieGroups } from './ranks.js';

/** Two numbers of one subject. Subjects of one cluster (the knees of a person) are not independent of one another. */
export interface PairedNumbers {
  readonly x: number;
  readonly y: number;
  readonly cluster: number;
}

export interface ClusteredCorrelation {
  /** -1 to 1; null with fewer than three subjects, or where one of the numbers is the same in all. */
  readonly coefficient: number | null;
  /** Null where it is 1 or -1 too, and with fewer than two clusters. */
  readonly standardError: number | null;
  /** Ends of the 95 % interval; null as `standardError`. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Pearson's correlation. Its variance is the infinitesimal jackknife, with influences summed over clusters: no model of how alike subjects of a cluster
 * are, and no normal distribution. The interval is on the scale of Fisher's z.
 */
export function pearson(pairs: readonly PairedNumbers[]): ClusteredCorrelation {
  const [x, y] = [standardised(pairs.map((pair) => pair.x)), standardised(pairs.map((pair) => pair.y))];
  return told(pairs, x, y, (coefficient) => direct(x.scores, y.scores, coefficient));
}

/**
 * Spearman's correlation: that of mean ranks. Ranks depend on everybody, so the influence of a subject also goes by the ranks of those who lie above it.
 * Otherwise as {@link pearson}.
 */
export function spearman(pairs: readonly PairedNumbers[]): ClusteredCorrelation {
  const [byX, byY] = [ranked(pairs.map((pair) => pair.x)), ranked(pairs.map((pair) => pair.y))];
  const [x, y] = [standardised(byX.ranks), standardised(byY.ranks)];
  return told(pairs, x, y, (coefficient) => {
    const slope = (own: Standardised, other: Standardised): number[] =>
      own.scores.map((score, index) => (other.scores[index]! - coefficient * score) / own.deviation);
    const [throughX, throughY] = [byX.above(slope(x, y)), byY.above(slope(y, x))];
    return direct(x.scores, y.scores, coefficient).map(
      (influence, index) => influence + throughX[index]! + throughY[index]!,
    );
  });
}

interface Standardised {
  /** With mean 0 and variance 1. */
  scores: number[];
  /** Of the population; 0 where all are the same. */
  deviation: number;
}

function standardised(values: readonly number[]): Standardised {
  const mean = sum(values) / values.length;
  // Rounding would leave a number that is the same in all a deviation above 0.
  const constant = values.every((value) => value === values[0]);
  const deviation = constant ? 0 : Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
  return { scores: values.map((value) => (value - mean) / deviation), deviation };
}

/** Influence of each subject on a correlation of given scores. */
function direct(x: readonly number[], y: readonly number[], coefficient: number): number[] {
  return x.map((score, index) => score * y[index]! - (coefficient / 2) * (score ** 2 + y[index]! ** 2));
}

/** @param influences of the subjects, times their number */
function told(
  pairs: readonly PairedNumbers[],
  x: Standardised,
  y: Standardised,
  influences: (coefficient: number) => readonly number[],
): ClusteredCorrelation {
  const none = { standardError: null, lower: null, upper: null };
  if (pairs.length < 3 || x.deviation === 0 || y.deviation === 0) return { coefficient: null, ...none };
  const products = sum(x.scores.map((score, index) => score * y.scores[index]!));
  const coefficient = Math.min(1, Math.max(-1, products / pairs.length));
  const byCluster = new Map<number, number>();
  for (const [index, influence] of influences(coefficient).entries()) {
    const { cluster } = pairs[index]!;
    byCluster.set(cluster, (byCluster.get(cluster) ?? 0) + influence / pairs.length);
  }
  const rest = 1 - coefficient ** 2;
  // Rounding leaves a perfect correlation this far from 1.
  if (byCluster.size < 2 || rest < 1e-12) return { coefficient, ...none };
  const standardError = Math.sqrt(sum([...byCluster.values()].map((influence) => influence ** 2)));
  const z = Math.atanh(coefficient);
  const half = (NORMAL_95 * standardError) / rest;
  return { coefficient, standardError, lower: Math.tanh(z - half), upper: Math.tanh(z + half) };
}

/** Ranks from 1, equal values sharing the mean of theirs; `above` sums weights over those above each subject, over its equals by half. */
function ranked(values: readonly number[]): { ranks: number[]; above: (weights: readonly number[]) => number[] } {
  const ties = tieGroups(values);
  return {
    ranks: meanRanks(ties),
    above(weights) {
      const sums = new Array<number>(values.length);
      let higher = 0;
      for (const tie of ties.toReversed()) {
        const own = sum(tie.map((index) => weights[index]!));
        for (const index of tie) sums[index] = higher + own / 2;
        higher += own;
      }
      return sums;
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
