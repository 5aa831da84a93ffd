export { findCohort, listedFor } from './access.js';
export { createCohort, deleteCohort, shareCohort, updateCohort } from './change.js';
export type { CohortChange, NewCohort } from './change.js';
export { expandCohorts } from './expand.js';
export { type ExamName, findNamedExams, type FoundExams, type UnknownExam } from './named-exams.js';
export { COHORT_LISTING, COHORT_VERSION_LISTING, COHORT_VERSIONS, COHORTS } from './listing.js';
export { cohortAttrition, cohortProblem, countCohort, inCohort } from './read.js';
export { splitCohort } from './split.js';
export type { SplitRequest, SplitResult } from './split.js';
