import { NORMAL_95 } from './normal.js';
import { wilson } from './wilson.js';

/** What is known of trials in clusters: sums over clusters of their trials n and successes s. */
export interface ClusterSums {
  readonly clusters: number;
  readonly trials: number;
  readonly successes: number;
  /** Sums of n * n, s * n and s * s. */
  readonly trials2: number;
  readonly products: number;
  readonly successes2: number;
}

/** A share with what its interval is made of. */
export interface ClusteredShare {
  /** 0 to 1; null without trials. */
  readonly share: number | null;
  /** Null where the share is 0 or 1, and with fewer than two clusters. */
  readonly standardError: number | null;
  /** Ends of the 95 % interval; null with fewer than two clusters. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** Variance as a multiple of that of independent trials; null as `standardError`. */
  readonly designEffect: number | null;
}

/**
 * A share of trials that come in clusters, such as the two knees of a person, with the interval of a logistic model of the share alone: generalised
 * estimating equations with an independent working correlation and the variance of the sandwich (Liang and Zeger 1986). Clusters may be alike in any way.
 *
 * At 0 and at 1 the logit has no variance; there the interval is Wilson's with as many trials as clusters, which is right where the trials of a cluster
 * all agree and too wide otherwise.
 */
export function clusteredShare({ clusters, trials, successes, ...sums }: ClusterSums): ClusteredShare {
  const none = { standardError: null, lower: null, upper: null, designEffect: null };
  if (trials === 0) return { share: null, ...none };
  const share = successes / trials;
  if (clusters < 2) return { share, ...none };
  if (successes === 0 || successes === trials) return { share, ...none, ...wilson(share * clusters, clusters) };
  // Rounding takes a sum of squares that is nothing below 0.
  const squares = Math.max(0, sums.successes2 - 2 * share * sums.products + share * share * sums.trials2);
  const spread = share * (1 - share);
  const standardError = Math.sqrt(squares) / trials;
  const onLogits = standardError / spread;
  const logit = Math.log(share / (1 - share));
  return {
    share,
    standardError,
    lower: 1 / (1 + Math.exp(-(logit - NORMAL_95 * onLogits))),
    upper: 1 / (1 + Math.exp(-(logit + NORMAL_95 * onLogits))),
    designEffect: squares / (trials * spread),
  };
}
