/** What a file that belongs to a generation is. */
export const OUTPUT_KINDS = [
  'VOLUME',
  'FILM',
  'DICOM',
  'BEFORE',
  'AFTER',
  'DIFFERENCE',
  'SHEET',
  'MASK',
  'FRAME',
  'GIF',
  'MP4',
  'CURVE',
  'TABLE',
] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** What a generation is asked for; the others show it beside what it was made from, or are given to it. */
export const RESULT_KINDS = [
  'VOLUME',
  'FILM',
  'DICOM',
  'FRAME',
  'GIF',
  'MP4',
  'CURVE',
  'TABLE',
] as const satisfies OutputKind[];
