/** What becomes of the values of an attribute of a file's header. */
export const DEIDENTIFIED_AS = ['REMOVED', 'REPLACED', 'CLEANED', 'SHIFTED', 'KEPT'] as const;
export type DeidentifiedAs = (typeof DEIDENTIFIED_AS)[number];

/** What became of one attribute of a file, of which no value is told. */
export interface AttributeOutcome {
  /** Keyword, after those of the sequences that it lies in: "ViewCodeSequence.CodeMeaning". */
  attribute: string;
  /** Group and element: "(0008,0104)". */
  tag: string;
  action: DeidentifiedAs;
  /** How often it was met: once, unless it lies in items of a sequence. */
  count: number;
}
