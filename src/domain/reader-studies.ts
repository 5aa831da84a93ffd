/** Life of a reader study: its pictures are drawn, then it is open to readers until it is closed. */
export const READER_STUDY_STATES = ['PREPARING', 'OPEN', 'CLOSED', 'FAILED'] as const;
export type ReaderStudyState = (typeof READER_STUDY_STATES)[number];

/** What a pair shows: one coronal slice, or twelve slices of the whole volume on one sheet. */
export const READER_UNITS = ['SLICE', 'VOLUME'] as const;
export type ReaderUnit = (typeof READER_UNITS)[number];

/** Where an image of a pair is. */
export const READER_CHOICES = ['LEFT', 'RIGHT'] as const;
export type ReaderChoice = (typeof READER_CHOICES)[number];

/** Bounds of one study. */
export const READER_STUDY_LIMITS = { pairs: 200 } as const;
