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
