import { NORMAL_95 } from './normal.js';

/** How two ways of measuring the same thing agree (Bland and Altman 1986), in the unit of the measurements. */
export interface Agreement {
  readonly pairs: number;
  /** Mean of second minus first. */
  readonly bias: number;
  /** Sample deviation of the differences. */
  readonly deviation: number;
  /** Limits of agreement: bias -+ 1.96 deviations, between which 95 % of normal differences lie. */
  readonly lower: number;
  readonly upper: number;
  /** Standard error of the bias, and of each limit (Bland and Altman 1999). */
  readonly biasError: number;
  readonly limitError: number;
  /** Pearson's correlation of the two; null where one of them does not vary. */
  readonly correlation: number | null;
}

/**
 * Limits of agreement of paired measurements. Pairs of one person count as if they were of two; say so where they are.
 *
 * @throws RangeError for lists of different lengths, or fewer than three pairs
 */
export function limitsOfAgreement(first: readonly number[], second: readonly number[]): Agreement {
  if (first.length !== second.length || first.length < 3) {
    throw new RangeError(
      `Limits of agreement need two lists of one length and at least three pairs, not ${first.length} and ${second.length}.`,
    );
  }
  const pairs = first.length;
  const differences = first.map((value, index) => second[index]! - value);
  const bias = mean(differences);
  const deviation = Math.sqrt(sumOfSquares(differences, bias) / (pairs - 1));
  return {
    pairs,
    bias,
    deviation,
    lower: bias - NORMAL_95 * deviation,
    upper: bias + NORMAL_95 * deviation,
    biasError: deviation / Math.sqrt(pairs),
    limitError: deviation * Math.sqrt(1 / pairs + NORMAL_95 ** 2 / (2 * (pairs - 1))),
    correlation: pearson(first, second),
  };
}

function pearson(first: readonly number[], second: readonly number[]): number | null {
  const [a, b] = [mean(first), mean(second)];
  const spread = Math.sqrt(sumOfSquares(first, a) * sumOfSquares(second, b));
  if (spread === 0) return null;
  return first.reduce((sum, value, index) => sum + (value - a) * (second[index]! - b), 0) / spread;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sumOfSquares(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
