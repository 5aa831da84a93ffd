/** A decay S(TE) = amplitude x exp(-TE / t2). */
export interface Decay {
  /** ms */
  readonly t2: number;
  /** Signal at TE = 0. */
  readonly amplitude: number;
}

const MAX_STEPS = 30;
const ENOUGH = 1e-7;

/**
 * Fits a mono-exponential decay by least squares (Levenberg-Marquardt), begun at the straight line through the logarithms, each weighted by
 * its signal squared.
 *
 * @param times echo times, ms, growing
 * @param signals as many, not negative; at least two of them positive
 * @returns null where the signal does not decay, or no decay fits
 */
export function fitDecay(times: readonly number[], signals: ArrayLike<number>): Decay | null {
  let [amplitude, rate] = lineThroughLogarithms(times, signals);
  if (!(amplitude > 0) || !(rate > 0)) return null;
  let error = squaredError(times, signals, amplitude, rate);
  let damping = 1e-3;
  for (let step = 0; step < MAX_STEPS; step++) {
    let [aa, ar, rr, a, r] = [0, 0, 0, 0, 0];
    for (const [index, time] of times.entries()) {
      const decay = Math.exp(-rate * time);
      const slope = -amplitude * time * decay;
      const residual = signals[index]! - amplitude * decay;
      aa += decay * decay;
      ar += decay * slope;
      rr += slope * slope;
      a += decay * residual;
      r += slope * residual;
    }
    const [first, second] = [aa * (1 + damping), rr * (1 + damping)];
    const determinant = first * second - ar * ar;
    if (!(determinant > 0)) break;
    const nextAmplitude = amplitude + (a * second - r * ar) / determinant;
    const nextRate = rate + (r * first - a * ar) / determinant;
    const nextError = nextRate > 0 ? squaredError(times, signals, nextAmplitude, nextRate) : Infinity;
    if (nextError > error) {
      damping *= 10;
      if (damping > 1e8) break;
      continue;
    }
    const moved = Math.abs(nextRate - rate) / rate + Math.abs(nextAmplitude - amplitude) / amplitude;
    [amplitude, rate, error] = [nextAmplitude, nextRate, nextError];
    damping /= 10;
    if (moved < ENOUGH) break;
  }
  return rate > 0 && amplitude > 0 ? { t2: 1 / rate, amplitude } : null;
}

function lineThroughLogarithms(
  times: readonly number[],
  signals: ArrayLike<number>,
): [amplitude: number, rate: number] {
  let [weights, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (const [index, time] of times.entries()) {
    const signal = signals[index]!;
    if (!(signal > 0)) continue;
    const weight = signal * signal;
    const logarithm = Math.log(signal);
    weights += weight;
    x += weight * time;
    y += weight * logarithm;
    xx += weight * time * time;
    xy += weight * time * logarithm;
  }
  const spread = weights * xx - x * x;
  if (!(spread > 0)) return [0, 0];
  const slope = (weights * xy - x * y) / spread;
  return [Math.exp((y - slope * x) / weights), -slope];
}

function squaredError(times: readonly number[], signals: ArrayLike<number>, amplitude: number, rate: number): number {
  let sum = 0;
  for (const [index, time] of times.entries()) sum += (signals[index]! - amplitude * Math.exp(-rate * time)) ** 2;
  return sum;
}
