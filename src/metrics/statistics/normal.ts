/** Two-sided 95 % point of the normal distribution. */
export const NORMAL_95 = 1.959963984540054;

/** Where the series gives way to the continued fraction. */
const SERIES_UP_TO = 2.5;

/** Probability that a standard normal number lies at least as far from 0 as `z`. */
export function twoSidedNormal(z: number): number {
  return complementaryError(Math.abs(z) / Math.SQRT2);
}

/** erfc(x) for x >= 0, to about 14 digits: the Taylor series of erf near 0, Laplace's continued fraction beyond. */
function complementaryError(x: number): number {
  if (x < SERIES_UP_TO) return 1 - errorSeries(x);
  // erfc(x) = exp(-x^2) / sqrt(pi) * 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...))))
  let fraction = x;
  for (let term = 200; term >= 1; term--) fraction = x + term / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/** erf(x) = 2 / sqrt(pi) * exp(-x^2) * sum of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)): every term positive, nothing cancels. */
function errorSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * Number.EPSILON; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
