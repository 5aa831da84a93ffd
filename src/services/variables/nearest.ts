/** How many names a refusal gives. */
const SHOWN = 3;

/** The names that differ least from one of those given, the nearest first; none where all differ in more than two letters, or a quarter. */
export function nearestNames(given: readonly string[], known: readonly string[]): string[] {
  const scored = known.flatMap((name) => {
    const near = given
      .map((one) => ({ far: distance(one, name.toUpperCase()), most: Math.max(2, Math.floor(one.length / 4)) }))
      .filter(({ far, most }) => far <= most);
    return near.length > 0 ? [{ name, far: Math.min(...near.map(({ far }) => far)) }] : [];
  });
  return scored
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ name }) => name);
}

/** Levenshtein's distance: letters to insert, leave out or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
