import { MISSING_CODES } from '../../domain/missing.js';
import { packageVersion } from '../../domain/package.js';
import type { ArchiveChoice, ArchiveFormat, TableFormat, TableShape } from '../../domain/exports.js';
import { numberName } from '../../domain/knee-numbers.js';
import type { ExportedCohort } from '../../entities/index.js';
import { atVersion, type VariableRef, type VariableTable } from '../../domain/variables/index.js';
import type { Where } from '../filters/index.js';
import { namedFilter } from '../variables/index.js';
import type { SeriesKind } from '../series/index.js';
import type { ColumnKind, ExportColumn } from './columns.js';
import type { ExportProgress } from './rows.js';

/** A column as the data dictionary describes it. */
export interface DictionaryEntry {
  name: string;
  group: string;
  type: ColumnKind;
  /** Whose a value is: the participant's, the participant's at the visit, or the knee's at the visit. */
  owner: (typeof OWNERS)[VariableTable];
  description: string;
  unit: string | null;
  range: readonly [number, number] | null;
  codes: Readonly<Record<string, string>> | null;
  nullable: boolean;
  /** Name of the column that says why a value is missing. */
  missing: string | null;
  /** Types to ask for when a CSV is read: pandas' dtype, DuckDB's type, readr's letter. */
  readAs: { pandas: string; duckdb: string; readr: string };
}

/** What is exported and how. */
export type ExportSpec = TableSpec | ArchiveSpec;

/** A table of knee exams. */
export interface TableSpec extends ExamSelection {
  format: TableFormat;
  columns: readonly ExportColumn[];
  shape: TableShape;
  /** The variables that were asked for by name. */
  variables: readonly VariableRef[];
}

/** An archive of the volumes of knee exams, or of what generations made. */
export interface ArchiveSpec extends ExamSelection {
  format: ArchiveFormat;
  archive: ArchiveChoice;
}

interface ExamSelection {
  /** As it was asked for, in the API's words. */
  filter: object | null;
  /** The same with the contents of its cohorts: what is run. */
  selection: Where | null;
  cohorts: readonly ExportedCohort[];
}

/** What a table was asked for, and what its columns mean. */
export interface ColumnsDescription extends Pick<TableShape, 'unit' | 'event' | 'asOf' | 'split'> {
  /** Names of changes and slopes. */
  numbers?: string[];
  /** How its exams are paired. */
  pairs?: object;
  /** Variables that users have derived, as they were defined. */
  derivedVariables?: DerivedDescription[];
  osteograph: string;
  format: TableFormat;
  filter: object | null;
  cohorts: readonly ExportedCohort[];
  columns: DictionaryEntry[];
  missingCodes: Readonly<Record<string, string>>;
}

/** What is known of the rows before the file is finished; a Parquet file carries it in its own metadata. */
export interface TableDescription extends ColumnsDescription {
  createdAt: string;
  rows: number;
  /** Rows of phantoms of the synthetic release; the column `phantom` says which. */
  phantomRows: number;
  /** NONE, ALL or SOME of the rows are of phantoms. */
  synthetic: 'NONE' | 'SOME' | 'ALL';
}

/** A derived variable whose values, change or slope a table has. */
interface DerivedDescription {
  name: string;
  version: number;
  label: string | null;
  /** Its values in the order in which their filters are looked at, as the data dictionary has their codes. */
  values: { code: number; label: string; where?: unknown }[];
}

/** What an archive holds; its manifest.json begins with it and goes on with every volume and file. */
export interface ArchiveDescription {
  osteograph: string;
  format: ArchiveFormat;
  createdAt: string;
  filter: object | null;
  cohorts: readonly ExportedCohort[];
  /** What was asked for beside the filter, in the API's words. */
  archive: object;
  volumes?: number;
  /** In its place, of how many generations there are files. */
  generations?: number;
  /** These by kind, which is their folder at the top. */
  kinds: Readonly<Record<SeriesKind, number>>;
  /** Manifests and README.txt are not counted. */
  files: number;
  /** NONE, ALL or SOME of it were not taken of a person. */
  synthetic: 'NONE' | 'SOME' | 'ALL';
}

export type ExportDescription = TableDescription | ArchiveDescription;

/** What accompanies a finished file. */
export type ExportManifest<T extends ExportDescription = ExportDescription> = T & {
  file: { sha256: string; bytes: number; mediaType: string };
};

const OWNERS = { participant: 'PARTICIPANT', visit: 'VISIT', knee_exam: 'KNEE_EXAM' } as const;

const READ_AS: Record<ColumnKind, DictionaryEntry['readAs']> = {
  text: { pandas: 'string', duckdb: 'VARCHAR', readr: 'c' },
  integer: { pandas: 'Int32', duckdb: 'INTEGER', readr: 'i' },
  real: { pandas: 'float64', duckdb: 'DOUBLE', readr: 'd' },
  boolean: { pandas: 'boolean', duckdb: 'BOOLEAN', readr: 'l' },
  date: { pandas: 'datetime64[s]', duckdb: 'DATE', readr: 'D' },
};

/** The data dictionary of some columns. */
export function dictionary(columns: readonly ExportColumn[]): DictionaryEntry[] {
  return columns.map(
    ({ name, group, kind, owner = 'knee_exam', description, unit, range, codes, nullable, missing }) => ({
      name,
      group,
      type: kind,
      owner: OWNERS[owner],
      description,
      unit: unit ?? null,
      range: range ?? null,
      codes: codes ?? null,
      nullable,
      missing: missing ?? null,
      readAs: READ_AS[kind],
    }),
  );
}

/** What was asked for beside the columns, in the API's words. */
function describeShape({ unit, event, asOf, numbers, pairs, split }: TableShape): Partial<TableDescription> {
  return {
    ...(unit ? { unit } : {}),
    ...(event ? { event } : {}),
    ...(asOf ? { asOf } : {}),
    ...(split ? { split } : {}),
    ...(numbers ? { numbers: numbers.map(numberName) } : {}),
    ...(pairs
      ? {
          pairs: {
            ...{ of: pairs.of, ...pairs.written },
            ...{
              exactly: pairs.exactly,
              nearest: pairs.nearest.map(({ number, caliper }) => ({ number: numberName(number), caliper })),
            },
          },
        }
      : {}),
  };
}

/** Describes an export before a row of it is read. */
export function describeColumns({ format, columns, filter, cohorts, shape, variables }: TableSpec): ColumnsDescription {
  return {
    osteograph: packageVersion,
    format,
    filter,
    cohorts,
    ...describeShape(shape),
    ...describeDerived([...variables, ...(shape.numbers ?? []).map(({ variable }) => variable)]),
    columns: dictionary(columns),
    missingCodes: MISSING_CODES,
  };
}

/** Describes an export whose rows are all written. */
export function describeTable(spec: TableSpec, { rows, phantoms }: ExportProgress): TableDescription {
  const { columns, missingCodes, ...asked } = describeColumns(spec);
  return {
    ...asked,
    createdAt: new Date().toISOString(),
    rows,
    phantomRows: phantoms,
    synthetic: phantoms === 0 ? 'NONE' : phantoms === rows ? 'ALL' : 'SOME',
    columns,
    missingCodes,
  };
}

/** Every version of a derived variable once, as it was defined when the table was asked for. */
function describeDerived(refs: readonly VariableRef[]): Pick<ColumnsDescription, 'derivedVariables'> {
  const described = new Map<string, DerivedDescription>();
  for (const { label, source } of refs) {
    if (!('derived' in source)) continue;
    const { derived: name, version, values, otherwise } = source;
    const filtered = values.map(({ where, ...value }) => ({ ...value, where: namedFilter(where) }));
    described.set(atVersion(name, version), {
      name,
      version,
      label,
      values: [...filtered, ...(otherwise ? [otherwise] : [])],
    });
  }
  return described.size > 0 ? { derivedVariables: [...described.values()] } : {};
}
