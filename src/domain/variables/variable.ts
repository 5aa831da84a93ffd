/** The values a variable can have. */
export type Domain =
  /** A number from `min` to `max`, both included. Whole numbers are floored; `codes` accepts nothing but these codes of OAI's. */
  | { kind: 'integer'; min: number; max: number; codes?: Readonly<Record<string, number>> }
  | { kind: 'real'; min: number; max: number }
  | { kind: 'boolean' }
  | { kind: 'date' }
  /** One of these capital letters, an enum of the API. */
  | { kind: 'letter'; enum: 'Site'; of: readonly string[] }
  /** One of OAI's codes as the platform's words, an enum of the API; `also` are other spellings in released tables. */
  | {
      kind: 'choice';
      enum: ChoiceEnum;
      codes: Readonly<Record<string, string>>;
      also?: Readonly<Record<string, string>>;
    };

export type ChoiceEnum =
  'Sex' | 'Race' | 'StudyCohort' | 'VisitCode' | 'DeathConfirmation' | 'ReplacementConfirmation' | 'ReplacementType';
export type VariableTable = 'participant' | 'visit' | 'knee_exam';

/**
 * What a variable takes part in: filters, orders of lists, statistics, changes between two visits of a knee, columns of exports, the
 * table of the web app. A facet groups by exact value, so it suits only variables of few values.
 */
export type Use = 'filter' | 'order' | 'measure' | 'change' | 'facet' | 'export' | 'table';

/**
 * One variable. Why a value is missing is coded alike for all of them (domain/missing.ts), except that a lone letter is a value
 * where the domain is a letter.
 */
export interface Variable {
  /** Its name in the API. */
  readonly code: string;
  /** Two or three words for a column or a form. */
  readonly label: string;
  /** What it is and how to read it, without full stop. */
  readonly description: string;
  readonly unit?: string;
  readonly domain: Domain;
  /**
   * Columns of released tables, the first that has a value counts. `{v}` is the visit's prefix, or nothing; `{s}` the knee's
   * letter, `{side}` its word. Names that start with P01 or P02 are of the screening, and read with the baseline visit.
   */
  readonly sources: readonly string[];
  readonly table: VariableTable;
  readonly column: string;
  /** Group of columns of an export. */
  readonly group: 'participant' | 'visit' | 'scores' | 'history';
  /** Name of the column in an export where it is not that of the database. */
  readonly exportName?: string;
  readonly uses: readonly Use[];
}

/** The value of a domain as TypeScript sees it. */
export type ValueOf<D extends Domain> = D extends { kind: 'integer' | 'real' }
  ? number
  : D extends { kind: 'boolean' }
    ? boolean
    : D extends { kind: 'choice'; codes: infer C }
      ? C[keyof C]
      : string;

/** Values by code; null where missing. */
export type ValuesOf<V extends Variable> = { [One in V as One['code']]: ValueOf<One['domain']> | null };
