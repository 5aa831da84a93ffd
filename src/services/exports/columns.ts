import { UserError } from '../../domain/errors.js';
import { FEATURES } from '../../domain/features.js';
import { encodeId } from '../../domain/global-ids.js';
import { SIDES } from '../../domain/participants.js';
import { READING_PROJECTS } from '../../domain/readings.js';
import { type Variable, variablesOf, type VariableTable } from '../../domain/variables/index.js';
import { VISITS, type VisitCode } from '../../domain/visits.js';
import { hasGeneratedMri, hasMri, hasRadiograph, mriSequences } from '../filters/index.js';

/** What a column of an export holds. */
export type ColumnKind = 'text' | 'integer' | 'real' | 'boolean' | 'date';

/** Columns come in groups, which can be asked for by name. */
export const COLUMN_GROUPS = [
  'key',
  'participant',
  'visit',
  'scores',
  'history',
  'grades',
  'readings',
  'availability',
] as const;

/** The columns of events, changes, pairs and splits come with these, not by the name of their group. */
export type ColumnGroup = (typeof COLUMN_GROUPS)[number] | 'event' | 'numbers' | 'pair' | 'split';

/** Groups of an export that names no columns. */
export const DEFAULT_GROUPS: readonly ColumnGroup[] = COLUMN_GROUPS.filter((group) => group !== 'readings');

/** Tables that a column's expression may use, by alias. `exam`, `visit` and `participant` are always there, the others on demand. */
export type ReadingAlias = 'preferred' | 'p15' | 'p37';

/** One column of an export: what it is, and how it is read. */
export interface ExportColumn {
  name: string;
  /** Variables are asked for by their own names. */
  group: ColumnGroup | 'variables';
  kind: ColumnKind;
  /** Whose a value is; absent: the knee's at the visit. */
  owner?: VariableTable;
  description: string;
  unit?: string;
  /** Lowest and highest value of a number. */
  range?: readonly [number, number];
  /** Every value of a coded column, with its meaning. */
  codes?: Readonly<Record<string, string>>;
  /** Whether a value can be missing. */
  nullable: boolean;
  /** The column that says why a value is missing, where OAI says so. */
  missing?: string;
  /** SQL over the aliases. */
  sql: string;
  /** The variable whose value it is, by its name in the API. */
  variable?: string;
  /** The reading that the SQL speaks of. */
  reading?: ReadingAlias;
  /** The later visit of the same knee that the SQL speaks of; absent: the row's own exam. */
  at?: VisitCode;
  /** What the SQL needs to be joined to the exam. */
  joins?: string;
  /** Turns what the database gives into what the file holds; absent: as it is. */
  read?: (value: unknown) => unknown;
}

const ALIASES: Readonly<Record<VariableTable, string>> = {
  participant: 'participant',
  visit: 'visit',
  knee_exam: 'exam',
};

const VISIT_NAMES = Object.fromEntries(VISITS.map(({ code, name }) => [code, name]));

const words = (values: object): Record<string, string> =>
  Object.fromEntries(Object.values(values).map((value: string) => [value, value.toLowerCase().replaceAll('_', ' ')]));

/** Columns every export has, whatever was asked for: what a row is, and whether it is a phantom. */
const KEY: ExportColumn[] = [
  {
    ...always('key', 'text', 'exam_id', 'exam.id', 'Id of the knee exam in the API; node(id) finds it'),
    read: (id) => encodeId('KneeExam', id as number),
  },
  {
    ...always('key', 'text', 'oai_id', 'participant.oai_id', 'Participant; seven digits, text'),
    owner: 'participant',
  },
  {
    ...always('key', 'text', 'visit', 'visit.code', 'Time point of the study'),
    owner: 'visit',
    codes: VISIT_NAMES,
  },
  { ...always('key', 'text', 'side', 'exam.side', 'Knee of the participant'), codes: words(SIDES) },
  {
    ...always(
      'key',
      'boolean',
      'phantom',
      'participant.phantom',
      'True for a phantom of the synthetic release, who is no real person',
    ),
    owner: 'participant',
  },
];

const MONTH: ExportColumn = {
  ...always('visit', 'integer', 'month', 'visit.month', 'Nominal time after baseline'),
  owner: 'visit',
  unit: 'months',
  range: [0, 120],
};

const AVAILABILITY: ExportColumn[] = [
  always(
    'availability',
    'boolean',
    'has_radiograph',
    hasRadiograph('exam'),
    'Whether pixels of a radiograph of this knee are stored',
  ),
  always(
    'availability',
    'boolean',
    'has_mri',
    hasMri('exam'),
    'Whether pixels of an imported MRI series of this knee are stored',
  ),
  always(
    'availability',
    'boolean',
    'has_generated_mri',
    hasGeneratedMri('exam'),
    'Whether a synthetic MRI volume of this knee, made by a generation, is stored',
  ),
  maybe(
    'availability',
    'text',
    'mri_sequences',
    mriSequences('exam'),
    'Descriptions of the imported MRI series that are stored, joined by semicolons',
  ),
];

/** Every column, in the order that files have them. */
export const EXPORT_COLUMNS: readonly ExportColumn[] = [
  ...KEY,
  ...variableColumns('participant'),
  MONTH,
  ...variableColumns('visit'),
  ...variableColumns('scores'),
  ...variableColumns('history'),
  {
    ...maybe(
      'grades',
      'text',
      'preferred_project',
      'exam.preferred_project',
      'Reading project that the grades of the preferred reading come from; missing without any reading',
    ),
    codes: Object.fromEntries(READING_PROJECTS.map((project) => [project, `reading project ${project}`])),
  },
  ...gradeColumns('preferred'),
  ...READING_PROJECTS.flatMap((project): ExportColumn[] => [
    {
      ...maybe(
        'readings',
        'text',
        `p${project}_version`,
        `p${project}.version`,
        `Version of the table with project ${project}'s readings; missing where it did not read the exam`,
      ),
      reading: `p${project}`,
    },
    ...gradeColumns(`p${project}`),
  ]),
  ...AVAILABILITY,
];

/**
 * The columns an export has, in the order that files have them. A grade always comes with its `_missing` column, and the key
 * columns, `phantom` among them, are always there.
 *
 * @param names columns or groups; none: every group but `readings`
 * @param also further columns
 * @throws UserError BAD_USER_INPUT for a name that is neither
 */
export function chooseColumns(names?: readonly string[] | null, also: readonly string[] = []): ExportColumn[] {
  const wanted = new Set<string>([...(names?.length ? names : DEFAULT_GROUPS), ...also]);
  for (const name of wanted) {
    if ((COLUMN_GROUPS as readonly string[]).includes(name)) continue;
    if (!EXPORT_COLUMNS.some((column) => column.name === name)) {
      throw new UserError(
        'BAD_USER_INPUT',
        `${JSON.stringify(name)} is neither a column nor a group of columns; the groups are ${COLUMN_GROUPS.join(', ')}.`,
      );
    }
  }
  const codes = EXPORT_COLUMNS.flatMap(({ name, missing }) => (missing && wanted.has(name) ? [missing] : []));
  return EXPORT_COLUMNS.filter(
    ({ name, group }) => group === 'key' || wanted.has(group) || wanted.has(name) || codes.includes(name),
  );
}

/** The columns of these very names: `visit` is here the column, where {@link chooseColumns} takes it for the group. */
export function columnsNamed(names: readonly string[]): ExportColumn[] {
  return EXPORT_COLUMNS.filter(({ name }) => names.includes(name));
}

/** A column that has a value in every row. */
function always(group: ColumnGroup, kind: ColumnKind, name: string, sql: string, description: string): ExportColumn {
  return { name, group, kind, description, nullable: false, sql };
}

/** A column whose value can be missing. */
function maybe(group: ColumnGroup, kind: ColumnKind, name: string, sql: string, description: string): ExportColumn {
  return { name, group, kind, description, nullable: true, sql };
}

/** The variables of a group, with everything that the dictionary of variables says of them. */
function variableColumns(group: Variable['group']): ExportColumn[] {
  return variablesOf(null, 'export')
    .filter((variable) => variable.group === group)
    .map(({ code, table, column, exportName, description, unit, domain }): ExportColumn => {
      const { kind } = domain;
      const sql = `${ALIASES[table]}.${column}${kind === 'date' ? '::text' : ''}`;
      return {
        ...maybe(group, kind === 'letter' || kind === 'choice' ? 'text' : kind, exportName ?? column, sql, description),
        owner: table,
        variable: code,
        // Plain letters, for the programs that read no others.
        ...(unit === undefined ? {} : { unit: unit.replace('²', '2') }),
        ...(kind === 'integer' || kind === 'real' ? { range: [domain.min, domain.max] as const } : {}),
        ...(kind === 'choice' ? { codes: domain.enum === 'VisitCode' ? VISIT_NAMES : words(domain.codes) } : {}),
      };
    });
}

/** The 19 grades of one reading, each followed by the column that says why it is missing. */
function gradeColumns(reading: ReadingAlias): ExportColumn[] {
  const preferred = reading === 'preferred';
  const group = preferred ? 'grades' : 'readings';
  const whose = preferred ? 'preferred reading' : `reading project ${reading.slice(1)}`;
  return FEATURES.flatMap(({ code, name: meaning, levels, decimals }): ExportColumn[] => {
    const column = code.toLowerCase();
    const name = preferred ? column : `${reading}_${column}`;
    const asRead = decimals && !preferred;
    const steps = asRead ? '; decimals are steps within a grade: an order, never an amount' : '';
    return [
      {
        ...maybe(group, asRead ? 'real' : 'integer', name, `${reading}.${column}`, `${meaning}, ${whose}${steps}`),
        range: [0, levels - 1],
        missing: `${name}_missing`,
        // The grades of the preferred reading are the exam's own columns.
        ...(preferred ? { sql: `exam.${column}`, variable: code } : { reading }),
      },
      {
        ...maybe(
          group,
          'text',
          `${name}_missing`,
          `${reading}.missing ->> '${code}'`,
          `OAI's code of why ${name} is missing; missing itself where there is a grade, or no reading`,
        ),
        reading,
      },
    ];
  });
}
