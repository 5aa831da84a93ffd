/** One that may become half of a pair. */
export interface Candidate {
  /** Pairs are made within a stratum. */
  readonly stratum: string;
  /** In the order of the scales. */
  readonly values: readonly number[];
  /** Takes part in one pair at most, whichever of its candidates it is by. */
  readonly cluster: number;
}

/** How far apart two numbers are counts by their scale; more than the caliper, in units of the number itself, is too far. */
export interface Scale {
  readonly deviation: number;
  readonly caliper: number | null;
}

/** Places in the lists of cases and controls. */
export interface NearestPair {
  readonly case: number;
  readonly control: number;
  /** Root of the sum of squares of the differences in standard deviations. */
  readonly distance: number;
}

/**
 * Pairs each case, in the order given, with the nearest control of its stratum that is left, without replacement; the first of those that are equally
 * near. The same lists give the same pairs.
 *
 * @yields for each case its pair, or null
 */
export function* nearestPairs(
  cases: readonly Candidate[],
  controls: readonly Candidate[],
  scales: readonly Scale[],
): Generator<NearestPair | null> {
  const used = new Set<number>();
  const left = new Map<string, Set<number>>();
  for (const [index, { stratum }] of controls.entries()) {
    left.set(stratum, (left.get(stratum) ?? new Set()).add(index));
  }
  for (const [index, one] of cases.entries()) {
    const places = left.get(one.stratum) ?? new Set();
    let best: { control: number; square: number } | undefined;
    for (const place of used.has(one.cluster) ? [] : places) {
      const other = controls[place]!;
      if (used.has(other.cluster)) {
        places.delete(place);
        continue;
      }
      const square = other.cluster === one.cluster ? Infinity : squareBetween(one, other, scales);
      if (square < (best?.square ?? Infinity)) best = { control: place, square };
    }
    if (best) {
      used.add(one.cluster).add(controls[best.control]!.cluster);
      places.delete(best.control);
    }
    yield best ? { case: index, control: best.control, distance: Math.sqrt(best.square) } : null;
  }
}

/** Infinity where a caliper is passed. */
function squareBetween(one: Candidate, other: Candidate, scales: readonly Scale[]): number {
  let square = 0;
  for (let place = 0; place < scales.length; place++) {
    const { deviation, caliper } = scales[place]!;
    const difference = Math.abs(one.values[place]! - other.values[place]!);
    if (caliper !== null && difference > caliper) return Infinity;
    // A number that is the same in all tells nobody apart.
    if (deviation > 0) square += (difference / deviation) ** 2;
  }
  return square;
}
