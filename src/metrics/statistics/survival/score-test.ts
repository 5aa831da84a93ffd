import { twoSidedNormal } from '../normal.js';
import { solve } from '../solve.js';

/** Whether groups differ: the statistic is chi-square with so many degrees of freedom where they do not. */
export interface ScoreTest {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
}

/** The quadratic form of scores in the inverse of their variance; null where that has none. */
export function scoreTest(scores: readonly number[], variance: readonly (readonly number[])[]): ScoreTest | null {
  if (scores.length === 0) return null;
  const solved = solve(variance, scores);
  const chiSquare = scores.reduce((sum, score, index) => sum + score * solved[index]!, 0);
  if (!Number.isFinite(chiSquare) || chiSquare < 0) return null;
  return { chiSquare, degreesOfFreedom: scores.length, pValue: chiSquareTail(chiSquare, scores.length) };
}

/** Sum over clusters of the outer products of their scores. */
export function clusteredVariance(byCluster: Iterable<readonly number[]>, size: number): number[][] {
  const variance = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const scores of byCluster) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) variance[row]![column]! += scores[row]! * scores[column]!;
    }
  }
  return variance;
}

/**
 * Probability that chi-square is at least `value`. Each two degrees of freedom add (x/2)^(k/2) e^(-x/2) / gamma(k/2 + 1) to that of two
 * fewer; with one it is the normal's, with two e^(-x/2).
 */
export function chiSquareTail(value: number, degreesOfFreedom: number): number {
  const half = value / 2;
  const odd = degreesOfFreedom % 2 === 1;
  let tail = odd ? twoSidedNormal(Math.sqrt(value)) : Math.exp(-half);
  let term = odd ? 2 * Math.sqrt(half / Math.PI) * Math.exp(-half) : half * Math.exp(-half);
  for (let of = odd ? 1 : 2; of < degreesOfFreedom; of += 2) {
    tail += term;
    term *= half / (of / 2 + 1);
  }
  return Math.min(1, tail);
}
