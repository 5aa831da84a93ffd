/** The only door to reader studies for other layers. */
export { removeTrials } from './forget.js';
export { READER_STUDY, type ReaderStudyResources } from './kind.js';
export { sessionResults, studyResults } from './results.js';
export {
  answerTrial,
  ownSession,
  sessionCounts,
  sessionOf,
  type ShownTrial,
  shownTrials,
  startReaderSession,
} from './sessions.js';
export {
  closeReaderStudy,
  createReaderStudy,
  findReaderStudy,
  READER_STUDIES,
  READER_STUDY_LISTING,
  type StudyRequest,
} from './studies.js';
