import type { DataSource, ObjectLiteral } from 'typeorm';
import {
  type Columns,
  type ExamRelations,
  jsonReader,
  jsonRow,
  MriSeries,
  Participant,
  Radiograph,
  Reading,
  Visit,
} from '../../entities/index.js';

/** Rows that hang on a row of a list, read in the list's own statement. */
export interface Relation {
  entity: new () => ObjectLiteral;
  /** What follows FROM; the related rows are called r. */
  from: (parent: string) => string;
  /** Their order; absent when there is exactly one. */
  orderBy?: string;
}

/** Relations by the property that carries them. */
export type Relations<R> = { readonly [Name in keyof R]-?: Relation };

export const EXAM_RELATIONS: Relations<ExamRelations> = {
  visit: { entity: Visit, from: (exam) => `visit r WHERE r.id = ${exam}.visit_id` },
  participant: { entity: Participant, from: (exam) => `participant r WHERE r.id = ${exam}.participant_id` },
  readings: { entity: Reading, from: (exam) => `reading r WHERE r.exam_id = ${exam}.id`, orderBy: 'r.project' },
  films: {
    entity: Radiograph,
    from: (exam) =>
      `(SELECT * FROM radiograph f WHERE f.visit_id = ${exam}.visit_id ` +
      `UNION ALL SELECT * FROM radiograph f WHERE f.exam_id = ${exam}.id) r`,
    orderBy: 'r.asset_id IS NULL, r.exam_id IS NULL, r.id',
  },
  realSeries: {
    entity: MriSeries,
    from: (exam) => `mri_series r WHERE r.exam_id = ${exam}.id AND NOT r.synthetic`,
    orderBy: 'r.id',
  },
};

/** SQL of the related rows as one JSON value. */
export function relationSql(dataSource: DataSource, relation: Relation, parent: string, columns: Columns): string {
  const { entity, from, orderBy } = relation;
  const row = jsonRow(dataSource, entity, 'r', columns);
  return `(SELECT ${orderBy ? `json_agg(${row} ORDER BY ${orderBy})` : row} FROM ${from(parent)})`;
}

/** What that JSON value means. */
export function relationReader(
  dataSource: DataSource,
  { entity, orderBy }: Relation,
  columns: Columns,
): (value: unknown) => unknown {
  const read = jsonReader(dataSource, entity, columns);
  return orderBy
    ? (value) => ((value ?? []) as unknown[][]).map((values) => read(values))
    : (value) => read(value as unknown[]);
}
