import type { VisitCode } from './visits.js';

/** What can happen to a knee whose time is told. */
export const SURVIVAL_EVENTS = ['KL_GE_2', 'KL_PROGRESSION', 'JSN_PROGRESSION', 'KNEE_REPLACEMENT', 'DEATH'] as const;
export type SurvivalEvent = (typeof SURVIVAL_EVENTS)[number];

/** What can end the risk of something else. */
export const COMPETING_EVENTS = ['KNEE_REPLACEMENT', 'DEATH'] as const;
export type CompetingEvent = (typeof COMPETING_EVENTS)[number];

/** Which event, from which visit on, and what ends the risk of it. */
export interface EventRequest {
  origin: VisitCode;
  event: SurvivalEvent;
  competing: readonly CompetingEvent[];
}

/** Why no time is told of a knee that was examined at the origin. */
export const LEFT_OUT = ['HAD_EVENT', 'NOT_AT_RISK', 'NOT_ASSESSED', 'NOT_FOLLOWED'] as const;
export type LeftOut = (typeof LEFT_OUT)[number];

/** Why a knee has no grade at a later visit: the first of these that holds. */
export const UNGRADED_REASONS = ['REPLACED', 'DIED', 'MISSED_VISIT', 'NOT_READ'] as const;
export type UngradedReason = (typeof UNGRADED_REASONS)[number];
