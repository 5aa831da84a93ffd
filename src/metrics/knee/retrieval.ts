/** A generated knee held against its own real one and against real knees of other people. */
export interface RetrievalTrial {
  /** Other people's knees. */
  readonly rivals: number;
  /** Those to which the own knee is nearer; one that is as near counts half. */
  readonly won: number;
  /** Whether the own knee is nearer than every rival. */
  readonly first: boolean;
}

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
 * @param own how alike a generated knee and its own real knee are, more is nearer
 * @param rivals how alike it and each of the other people's knees are
 */
export function retrievalTrial(own: number, rivals: readonly number[]): RetrievalTrial {
  const won = rivals.reduce((sum, rival) => sum + (own > rival ? 1 : own === rival ? 0.5 : 0), 0);
  return { rivals: rivals.length, won, first: rivals.length > 0 && rivals.every((rival) => own > rival) };
}

/** Retrieval over knees; null where none was compared with another person's. */
export function retrieval(trials: readonly RetrievalTrial[]): Retrieval | null {
  const held = trials.filter(({ rivals }) => rivals > 0);
  if (held.length === 0) return null;
  const sum = (of: (trial: RetrievalTrial) => number) => held.reduce((total, trial) => total + of(trial), 0);
  const others = sum(({ rivals }) => rivals);
  return {
    first: sum(({ first }) => (first ? 1 : 0)) / held.length,
    pairs: sum(({ won }) => won) / others,
    others: others / held.length,
  };
}
