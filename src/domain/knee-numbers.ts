import { UNGRADED_REASONS } from './survival.js';
import type { VariableRef } from './variables/index.js';
import type { VisitCode } from './visits.js';

/** From one visit of a knee to a later one. */
export interface Period {
  from: VisitCode;
  to: VisitCode;
}

/** A number of a knee as somebody asks for it: the value of a variable, or what became of it over a period. */
export interface NumberRequest {
  /** Name of a variable. */
  variable: string;
  /** Value at the later visit less that at the earlier one. */
  change?: Period | null | undefined;
  /** Least-squares slope per year over all visits of the period, its ends included. */
  slope?: Period | null | undefined;
}

/** The same with what the name means. */
export interface KneeNumber {
  variable: VariableRef;
  /** Null: the value itself. */
  over: (Period & { kind: 'CHANGE' | 'SLOPE' }) | null;
}

/** Why a change or a slope is not known: the first of these that holds. The last one is of slopes alone. */
export const UNKNOWN_REASONS = ['MISSING_AT_FROM', ...UNGRADED_REASONS, 'TOO_FEW_VALUES'] as const;
export type UnknownReason = (typeof UNKNOWN_REASONS)[number];

/** What a number is called: "XRKL", "XRKL V00-V06", "MCMJSW per year V00-V10". */
export function numberName({ variable: { name }, over }: KneeNumber): string {
  if (!over) return name;
  return `${name} ${over.kind === 'SLOPE' ? 'per year ' : ''}${over.from}-${over.to}`;
}

/** How one number may stand to another. */
export const NUMBER_RELATIONS = ['EQ', 'NE', 'GT', 'GTE', 'LT', 'LTE'] as const;
export type NumberRelation = (typeof NUMBER_RELATIONS)[number];
