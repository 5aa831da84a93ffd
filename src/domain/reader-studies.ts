/** Life of a reader study: its pictures wait to be drawn and are drawn, then it is open to readers until it is closed. */
export const READER_STUDY_STATES = ['QUEUED', 'RUNNING', 'OPEN', 'CLOSED', 'FAILED'] as const;
export type ReaderStudyState = (typeof READER_STUDY_STATES)[number];

/** The same as readers are told it. */
export const READER_STUDY_STAGES = ['PREPARING', 'OPEN', 'CLOSED', 'FAILED'] as const;
export type ReaderStudyStage = (typeof READER_STUDY_STAGES)[number];

export function stageOf(state: ReaderStudyState): ReaderStudyStage {
  return state === 'QUEUED' || state === 'RUNNING' ? 'PREPARING' : state;
}

/** What a pair shows: one coronal slice, or twelve slices of the whole volume on one sheet. */
export const READER_UNITS = ['SLICE', 'VOLUME'] as const;
export type ReaderUnit = (typeof READER_UNITS)[number];

/** Where an image of a pair is. */
export const READER_CHOICES = ['LEFT', 'RIGHT'] as const;
export type ReaderChoice = (typeof READER_CHOICES)[number];

/** Bounds of one study. */
export const READER_STUDY_LIMITS = { pairs: 200 } as const;
