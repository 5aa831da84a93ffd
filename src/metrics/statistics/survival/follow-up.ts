/** What is known of one subject: how long they were followed, and how it ended. */
export interface FollowUp {
  /** Greater than 0, in any unit. */
  readonly time: number;
  /** 0: followed up to here, without event. 1, 2, ...: what happened. */
  readonly status: number;
  /** Subjects of one cluster (the knees of a person) are not independent of one another. */
  readonly cluster: number;
}

/** A follow-up in one of several groups, numbered from 0. */
export interface GroupedFollowUp extends FollowUp {
  readonly group: number;
}

/** Subjects whose follow-up ends at one time: at that time they are still at risk. */
export interface Ending<T extends FollowUp> {
  readonly time: number;
  /** Subjects who were followed up to here or longer. */
  readonly atRisk: number;
  readonly subjects: readonly T[];
}

/** The times at which follow-ups end, in order; who is censored at a time is at risk of what happens at it. */
export function endings<T extends FollowUp>(followUps: readonly T[]): Ending<T>[] {
  // Quick where they are in order already.
  const sorted = [...followUps].sort((a, b) => a.time - b.time);
  const all: Ending<T>[] = [];
  for (let first = 0; first < sorted.length;) {
    const { time } = sorted[first]!;
    let after = first + 1;
    while (after < sorted.length && sorted[after]!.time === time) after++;
    all.push({ time, atRisk: sorted.length - first, subjects: sorted.slice(first, after) });
    first = after;
  }
  return all;
}
