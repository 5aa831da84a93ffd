import type { Side } from '../../domain/participants.js';
import type { Joint } from '../../domain/outcomes.js';
import type { ReadingProject } from '../../domain/readings.js';
import type { VisitCode } from '../../domain/visits.js';

/** What one cell says of one field: a value, or OAI's code for why there is none. A blank has neither. */
export interface Statement {
  readonly value: string | number | boolean | null;
  /** A key of MISSING_CODES, e.g. ".P". */
  readonly missing: string | null;
}

/** What a row says, by field. Of a field whose column the table lacks, or whose cell was refused, it says nothing. */
export type Statements = Readonly<Record<string, Statement>>;

/** One row of a table of a release. */
interface TableRecord {
  oaiId: string;
  /** Version of the released table, e.g. "0.8"; null when the table has none. */
  version: string | null;
}

/** Says of the participant's variables. */
export interface EnrolleeRecord extends TableRecord {
  said: Statements;
}

/** Says of the visit's variables, and of each knee of the knee's. */
export interface ClinicalRecord extends TableRecord {
  visit: VisitCode;
  said: Statements;
  knees: Readonly<Record<Side, Statements>>;
}

/** Says of the 19 grades, by their code. */
export interface ReadingRecord extends TableRecord {
  visit: VisitCode;
  side: Side;
  project: ReadingProject;
  /** Of the bilateral film that was read. */
  barcode: string | null;
  said: Statements;
}

/** A film of the knees; `side` is null for a bilateral one. Says of: view, date. */
export interface FilmRecord extends TableRecord {
  visit: VisitCode;
  barcode: string;
  side: Side | null;
  said: Statements;
}

/** An MRI series of one knee. Says of: sequence, plane, date. */
export interface SeriesRecord extends TableRecord {
  visit: VisitCode;
  barcode: string;
  side: Side;
  said: Statements;
}

/** Says of the participant's variables that tell what became of them, and of their joints what JOINT_FIELDS lists. */
export interface OutcomeRecord extends TableRecord {
  said: Statements;
  joints: readonly { joint: Joint; side: Side; said: Statements }[];
}

/** Readings or measurements of images; what they say only the store keeps. */
export interface AssessmentRecord extends TableRecord {
  /** Absent from a table of all visits at once. */
  visit?: VisitCode;
  /** The knee, or the hand or hip; null for tables without sides. */
  side: Side | null;
  /** READPRJ; empty where the table has none. */
  project: string;
}
