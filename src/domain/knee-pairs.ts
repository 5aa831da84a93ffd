import type { KneeNumber, NumberRequest } from './knee-numbers.js';

/** How knees are paired: the two of one person at a visit, or those of different persons who are near to one another. */
export const PAIRINGS = ['SAME_PERSON', 'NEAREST'] as const;
export type Pairing = (typeof PAIRINGS)[number];

/** Why a case is in no pair. */
export const UNPAIRED_REASONS = ['VALUE_MISSING', 'PERSON_PAIRED', 'NO_CONTROL'] as const;
export type UnpairedReason = (typeof UNPAIRED_REASONS)[number];

/** A number by which controls are near to a case. */
export interface NearNumber {
  number: KneeNumber;
  /** The largest difference that is allowed, in the number's unit; null: any. */
  caliper: number | null;
}

/** Which knee exams are paired. */
export interface PairRequest {
  of: Pairing;
  /** Filters of knee exams. */
  cases: object;
  controls: object;
  /** Facets in which a control equals its case; null: the visit. Only of NEAREST. */
  exactly: readonly string[] | null;
  /** Only of NEAREST. */
  nearest: readonly NearNumber[];
}

/** The same as somebody asks for it. */
export interface PairQuestion extends Pick<PairRequest, 'of' | 'cases' | 'controls'> {
  exactly?: readonly string[] | null | undefined;
  nearest?: readonly (NumberRequest & { caliper?: number | null | undefined })[] | null | undefined;
}
