import type {
  AssessmentRecord,
  ClinicalRecord,
  EnrolleeRecord,
  FilmRecord,
  OutcomeRecord,
  ReadingRecord,
  SeriesRecord,
  TableKind,
} from '../../../oai/index.js';
import type { WriteBatch } from './batches.js';
import { writeFilms, writeReadings, writeSeries } from './images.js';
import { writeClinical, writeEnrollees, writeOutcomes } from './people.js';

export type { Keeps, Sourced, WriteBatch } from './batches.js';

/** How the records of each table are written. */
export const WRITE_BATCH: { readonly [K in TableKind]: WriteBatch<RecordOf[K]> } = {
  enrollees: writeEnrollees,
  clinical: writeClinical,
  readings: writeReadings,
  films: writeFilms,
  series: writeSeries,
  // No column of ours takes anything of them: the store does (stored-values.ts).
  assessments: (_, sourced) => Promise.resolve({ outcomes: sourced.map(() => 'silent'), refused: [] }),
  outcomes: writeOutcomes,
};

interface RecordOf {
  enrollees: EnrolleeRecord;
  clinical: ClinicalRecord;
  readings: ReadingRecord;
  films: FilmRecord;
  series: SeriesRecord;
  assessments: AssessmentRecord;
  outcomes: OutcomeRecord;
}
