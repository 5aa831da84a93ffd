/** A local maximum of a curve must rise by `prominence` above the higher of its saddles, and lie `distance` from any higher one. */
interface PeakRule {
  readonly prominence: number;
  readonly distance: number;
}

/** Places of the local maxima of a curve, in order, as scipy.signal.find_peaks gives them: flat ones by their middle, ends never. */
export function findPeaks(curve: Float64Array, { prominence, distance }: PeakRule): number[] {
  return apart(localMaxima(curve), curve, distance).filter((peak) => prominenceOf(curve, peak) >= prominence);
}

function localMaxima(curve: Float64Array): number[] {
  const peaks: number[] = [];
  for (let start = 1; start < curve.length - 1; start++) {
    if (curve[start - 1]! >= curve[start]!) continue;
    let end = start;
    while (end < curve.length - 1 && curve[end + 1] === curve[start]) end++;
    if (end < curve.length - 1 && curve[end + 1]! < curve[start]!) peaks.push(Math.floor((start + end) / 2));
    start = end;
  }
  return peaks;
}

/** The higher of peaks that are too near each other; of equal ones the later. */
function apart(peaks: readonly number[], curve: Float64Array, distance: number): number[] {
  const kept: number[] = [];
  for (const peak of [...peaks].sort((a, b) => curve[b]! - curve[a]! || b - a)) {
    if (kept.every((other) => Math.abs(other - peak) >= distance)) kept.push(peak);
  }
  return kept.sort((a, b) => a - b);
}

function prominenceOf(curve: Float64Array, peak: number): number {
  const lowest = (step: 1 | -1) => {
    let least = curve[peak]!;
    for (let place = peak; place >= 0 && place < curve.length && curve[place]! <= curve[peak]!; place += step) {
      least = Math.min(least, curve[place]!);
    }
    return least;
  };
  return curve[peak]! - Math.max(lowest(-1), lowest(1));
}
