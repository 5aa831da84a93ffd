/** Places of equal values together, the lowest value first. */
export function tieGroups(values: readonly number[]): number[][] {
  const order = values.map((_, place) => place).sort((a, b) => values[a]! - values[b]!);
  const groups: number[][] = [];
  for (const place of order) {
    const last = groups.at(-1);
    if (last && values[last[0]!] === values[place]) last.push(place);
    else groups.push([place]);
  }
  return groups;
}

/** Ranks from 1 by place, equal values sharing the mean of theirs. */
export function meanRanks(groups: readonly (readonly number[])[]): number[] {
  const ranks: number[] = [];
  let before = 0;
  for (const group of groups) {
    for (const place of group) ranks[place] = before + (group.length + 1) / 2;
    before += group.length;
  }
  return ranks;
}
