/** What the parts of a split are alike in, or told apart by. */
export const SPLIT_METHODS = ['KL', 'SITE', 'RANDOM', 'LEAVE_ONE_SITE_OUT'] as const;
export type SplitMethod = (typeof SPLIT_METHODS)[number];

export interface SplitPart {
  name: string;
  /** Of the participants, above 0; all together 1. */
  fraction: number;
}

/** A split as somebody asks for it. */
export interface SplitRequest {
  /** Default: 70 % train, 15 % val, 15 % test. */
  parts?: readonly SplitPart[] | null | undefined;
  /** So many equal parts instead: "fold 1", "fold 2", ... */
  folds?: number | null | undefined;
  /** Default: KL. */
  method?: SplitMethod | null | undefined;
  /** 0 to 2^31 - 1; default 0. The same seed on the same exams gives the same parts. */
  seed?: number | null | undefined;
}

/** A split that was checked. */
export interface SplitPlan {
  method: SplitMethod;
  seed: number;
  /** Null for LEAVE_ONE_SITE_OUT, whose parts are the sites that there are. */
  parts: readonly SplitPart[] | null;
}

const METHODS_IN_WORDS: Readonly<Record<SplitMethod, string>> = {
  KL: 'alike in KL grades',
  SITE: 'alike in sites',
  RANDOM: 'at random',
  LEAVE_ONE_SITE_OUT: 'a site each',
};

/** How parts were made, e.g. `alike in KL grades, by seed 3`; a part for each site draws nothing. */
export function splitInWords({ method, seed }: Pick<SplitPlan, 'method' | 'seed'>): string {
  const words = METHODS_IN_WORDS[method];
  return method === 'LEAVE_ONE_SITE_OUT' ? words : `${words}, by seed ${seed}`;
}

/** How many are in a part, e.g. `0.3333 of the participants`. */
export function fractionInWords(fraction: number): string {
  return `${Number(fraction.toFixed(4))} of the participants`;
}
