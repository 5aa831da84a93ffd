import type { FeatureCode, Grades } from '../../domain/features.js';
import type { Race, Sex, Side, StudyCohort } from '../../domain/participants.js';
import type { ReadingProject } from '../../domain/readings.js';
import type { VisitCode } from '../../domain/visits.js';

/** What the tables of a release say, one record per row. A field whose column a table lacks is absent, a missing value null. */

export interface EnrolleeRecord {
  oaiId: string;
  sex?: Sex | null;
  race?: Race | null;
  hispanic?: boolean | null;
  cohort?: StudyCohort | null;
  site?: string | null;
  cohortHalf?: number | null;
}

/** Questionnaire scores of one knee; ranges are in KneeExam. */
export interface KneeScores {
  womacPain?: number | null;
  womacDisability?: number | null;
  womacStiffness?: number | null;
  womacTotal?: number | null;
  koosPain?: number | null;
}

export interface ClinicalRecord {
  oaiId: string;
  visit: VisitCode;
  date?: string | null;
  age?: number | null;
  bmi?: number | null;
  knees: Record<Side, KneeScores>;
}

export interface ReadingRecord {
  oaiId: string;
  visit: VisitCode;
  side: Side;
  project: ReadingProject;
  version: string | null;
  /** Of the bilateral film that was read. */
  barcode: string | null;
  grades: Grades;
  missing: Partial<Record<FeatureCode, string>>;
}

/** A film of the knees; `side` is null for a bilateral one. */
export interface FilmRecord {
  oaiId: string;
  visit: VisitCode;
  barcode: string;
  view: string;
  side: Side | null;
  date: string | null;
}

/** An MRI series of one knee. */
export interface SeriesRecord {
  oaiId: string;
  visit: VisitCode;
  barcode: string;
  side: Side;
  sequence: string;
  plane: 'CORONAL' | 'SAGITTAL' | 'AXIAL' | null;
  date: string | null;
}
