import { UserError } from './errors.js';

/** Coded values of OAI's Enrollees table, as the words this platform uses. The number is OAI's code. */
export const SEXES = { 1: 'MALE', 2: 'FEMALE' } as const;
export type Sex = (typeof SEXES)[keyof typeof SEXES];

export const RACES = { 0: 'OTHER_NON_WHITE', 1: 'WHITE', 2: 'BLACK', 3: 'ASIAN' } as const;
export type Race = (typeof RACES)[keyof typeof RACES];

export const STUDY_COHORTS = { 1: 'PROGRESSION', 2: 'INCIDENCE', 3: 'CONTROL' } as const;
export type StudyCohort = (typeof STUDY_COHORTS)[keyof typeof STUDY_COHORTS];

/** OAI's clinical sites, by the letters that its tables have for them. */
export const SITES = ['A', 'B', 'C', 'D', 'E'] as const;

/** OAI's SIDE code: 1 = right, 2 = left. */
export const SIDES = { 1: 'RIGHT', 2: 'LEFT' } as const;
export type Side = (typeof SIDES)[keyof typeof SIDES];

/** R or L, as DICOM's laterality, OAI's descriptions and film readings have it. */
export function sideLetter(side: Side): 'R' | 'L' {
  return side === 'RIGHT' ? 'R' : 'L';
}

/** OAI participant id: 7 digits, kept as text. Real ones start with 9, those of the synthetic release with 1. */
export function isOaiId(text: string): boolean {
  return /^\d{7}$/.test(text);
}

/** @throws UserError BAD_USER_INPUT for what is no OAI id */
export function requireOaiId(text: string): void {
  if (!isOaiId(text)) throw new UserError('BAD_USER_INPUT', 'A participant\'s id has seven digits, such as "9000001".');
}
