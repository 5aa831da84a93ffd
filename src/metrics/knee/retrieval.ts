/** How often a generated knee is nearer to its own real knee than to those of other people. */
export interface Retrieval {
  /** Share of knees whose own is the nearest of all; ties do not count. */
  readonly first: number;
  /** Share of comparisons with one other person's knee that the own knee wins; a tie counts half. */
  readonly pairs: number;
  /** Knees of other people that each was compared with, on average; a guess is first once in this many and one. */
  readonly others: number;
}

/**
 * Retrieval of the own knee among other people's.
 *
 * @param scores `scores[i][j]`: how alike generated knee i and real knee j are, more is nearer
 * @param people whose knee each is; knees of one person are not held against each other
 * @throws RangeError where the scores are not square, or fewer than two people are there
 */
export function retrieval(scores: readonly (readonly number[])[], people: readonly string[]): Retrieval {
  if (scores.length !== people.length || scores.some((row) => row.length !== people.length)) {
    throw new RangeError(`Retrieval of ${people.length} knees needs as many rows and columns of scores.`);
  }
  if (new Set(people).size < 2) throw new RangeError('Retrieval needs the knees of at least two people.');
  let [first, won, others] = [0, 0, 0];
  for (const [index, row] of scores.entries()) {
    const own = row[index]!;
    const rivals = row.filter((_, other) => people[other] !== people[index]);
    if (rivals.every((rival) => own > rival)) first++;
    won += rivals.reduce((sum, rival) => sum + (own > rival ? 1 : own === rival ? 0.5 : 0), 0);
    others += rivals.length;
  }
  return { first: first / scores.length, pairs: won / others, others: others / scores.length };
}
