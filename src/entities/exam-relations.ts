import type { MriSeries } from './mri-series.js';
import type { Participant } from './participant.js';
import type { Radiograph } from './radiograph.js';
import type { Reading } from './reading.js';
import type { Visit } from './visit.js';

/** Rows that may come along with an exam; what is absent was not read. */
export interface ExamRelations {
  visit?: Visit;
  participant?: Participant;
  /** In order of their projects. */
  readings?: Reading[];
  /** Its own and the bilateral ones of its visit, the one to use first. */
  films?: Radiograph[];
  /** MRI series that no bundle generated. */
  realSeries?: MriSeries[];
}
