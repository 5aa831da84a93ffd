import { VISITS, type VisitCode } from './visits.js';
import type { Domain } from './variables/variable.js';

/** Joints that OAI's Outcomes99 tells the replacement of. */
export const JOINTS = ['KNEE', 'HIP'] as const;
export type Joint = (typeof JOINTS)[number];

/** How sure a replacement is. The number is OAI's code. */
export const REPLACEMENT_CONFIRMATIONS = {
  0: 'NOT_CONFIRMED',
  1: 'SELF_REPORTED',
  2: 'PENDING',
  3: 'CONFIRMED',
} as const;
export type ReplacementConfirmation = (typeof REPLACEMENT_CONFIRMATIONS)[keyof typeof REPLACEMENT_CONFIRMATIONS];

/** How much of a knee was replaced. */
export const REPLACEMENT_TYPES = { 1: 'TOTAL', 2: 'PARTIAL' } as const;
export type ReplacementType = (typeof REPLACEMENT_TYPES)[keyof typeof REPLACEMENT_TYPES];

/** How sure a death is. */
export const DEATH_CONFIRMATIONS = { 0: 'NOT_DOCUMENTED', 1: 'PENDING', 2: 'CONFIRMED' } as const;
export type DeathConfirmation = (typeof DEATH_CONFIRMATIONS)[keyof typeof DEATH_CONFIRMATIONS];

/** Visits by OAI's own numbers: 6 is V06. */
export const VISIT_NUMBERS: Readonly<Record<string, VisitCode>> = Object.fromEntries(
  VISITS.map(({ code }) => [String(Number(code.slice(1))), code]),
);

/** What Outcomes99 says of one joint: its property and column, and how the column's name ends after `V99ERK`, `V99ELH` and so on. */
interface JointField {
  readonly code: string;
  readonly ending: string;
  readonly domain: Domain;
}

export const JOINT_FIELDS = [
  { code: 'replacedBefore', ending: 'BLRP', domain: { kind: 'boolean' } },
  { code: 'date', ending: 'DATE', domain: { kind: 'date' } },
  { code: 'dateDocumented', ending: 'FLDT', domain: { kind: 'boolean' } },
  { code: 'days', ending: 'DAYS', domain: { kind: 'integer', min: 0, max: 10_000 } },
  {
    code: 'confirmation',
    ending: 'RPCF',
    domain: { kind: 'choice', enum: 'ReplacementConfirmation', codes: REPLACEMENT_CONFIRMATIONS },
  },
  { code: 'type', ending: 'TLPR', domain: { kind: 'choice', enum: 'ReplacementType', codes: REPLACEMENT_TYPES } },
  { code: 'visitBefore', ending: 'VSPR', domain: { kind: 'choice', enum: 'VisitCode', codes: VISIT_NUMBERS } },
  { code: 'visitAfter', ending: 'VSAF', domain: { kind: 'choice', enum: 'VisitCode', codes: VISIT_NUMBERS } },
] as const satisfies readonly JointField[];

/** Days after baseline of a nominal month: 48 months are 1,461 days. */
export function nominalDay(month: number): number {
  return Math.round((month * 365.25) / 12);
}
