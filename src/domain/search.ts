/** What a search finds, in the order in which it is told. */
export const SEARCH_KINDS = [
  'PARTICIPANT',
  'RADIOGRAPH',
  'MRI_SERIES',
  'COHORT',
  'BATCH',
  'EVALUATION',
  'GENERATION',
  'TAG',
  'VARIABLE',
] as const;
export type SearchKind = (typeof SEARCH_KINDS)[number];
