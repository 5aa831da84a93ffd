import { FEATURES } from '../features.js';
import { PERSON_SCORES, VISIT_VARIABLES } from './visit.js';
import { KNEE_HISTORY, KNEE_SCORES } from './knee.js';
import { PARTICIPANT_VARIABLES } from './participant.js';
import type { StoredKind } from './stored.js';
import type { Domain, Variable, VariableTable } from './variable.js';

/** A variable with a column of its own, as those of the store are described. */
export interface ColumnVariable {
  /** Its name in the API, or the code of a feature. */
  readonly code: string;
  readonly owner: VariableTable;
  readonly column: string;
  readonly kind: StoredKind;
  readonly label: string;
  readonly unit: string | null;
  /** Whether the column holds true and false, which OAI has as 1 and 0. */
  readonly truth: boolean;
  /** Whether it is a grade, whose codes of missing values lie with its reading. */
  readonly grade: boolean;
}

/** Every variable with a column of its own, grades included, in the order of the dictionary. */
export const COLUMN_VARIABLES: readonly ColumnVariable[] = [
  ...[...PARTICIPANT_VARIABLES, ...VISIT_VARIABLES, ...KNEE_SCORES, ...PERSON_SCORES, ...KNEE_HISTORY].map(
    ({ code, table, column, domain, description, ...variable }: Variable): ColumnVariable => ({
      code,
      owner: table,
      column,
      kind: kindOf(domain),
      label: description,
      unit: variable.unit ?? null,
      truth: domain.kind === 'boolean',
      grade: false,
    }),
  ),
  ...FEATURES.map(({ code, name }): ColumnVariable => ({
    code,
    owner: 'knee_exam',
    column: code.toLowerCase(),
    kind: 'NUMBER',
    label: `${name}, preferred reading`,
    unit: null,
    truth: false,
    grade: true,
  })),
];

const BY_NAME: ReadonlyMap<string, ColumnVariable> = new Map([
  ...[...PARTICIPANT_VARIABLES, ...VISIT_VARIABLES, ...KNEE_SCORES, ...PERSON_SCORES, ...KNEE_HISTORY].flatMap(
    ({ code, sources }: Variable) =>
      [code, ...sources.filter((source) => !source.includes('{side}') && !/_\{s\}/.test(source))].map(
        (name) => [bareName(name), COLUMN_VARIABLES.find((one) => one.code === code)!] as const,
      ),
  ),
  ...FEATURES.map(({ code }) => [code, COLUMN_VARIABLES.find((one) => one.code === code)!] as const),
]);

/** The variable with a column of its own that has this name, or a released column of this name without visit and knee. */
export function resolveColumn(name: string): ColumnVariable | undefined {
  return BY_NAME.get(name.toUpperCase());
}

/** Names of released columns that we keep in columns of our own, without visit and knee. */
export function releasedNames(): IterableIterator<string> {
  return BY_NAME.keys();
}

function bareName(source: string): string {
  return source.replace(/\{[vs]\}/g, '').toUpperCase();
}

function kindOf({ kind }: Domain): StoredKind {
  if (kind === 'date') return 'DATE';
  return kind === 'integer' || kind === 'real' || kind === 'boolean' ? 'NUMBER' : 'TEXT';
}
