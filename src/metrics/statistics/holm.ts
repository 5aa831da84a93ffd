/**
 * Holm's step-down correction of p values for the number of comparisons.
 *
 * @returns adjusted values in the order given, never below the given ones and at most 1
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length);
  let highest = 0;
  order.forEach((index, place) => {
    highest = Math.max(highest, Math.min(1, pValues[index]! * (pValues.length - place)));
    adjusted[index] = highest;
  });
  return adjusted;
}
