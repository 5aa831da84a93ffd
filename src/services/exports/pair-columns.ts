import type { DataSource } from 'typeorm';
import type { PairRequest } from '../../domain/knee-pairs.js';
import type { Parameters, Where } from '../filters/index.js';
import { makePairs } from '../pairs/index.js';
import type { ExportColumn } from './columns.js';

/** Columns of an export of pairs, which has a row for each of their exams. */
export const PAIR_COLUMNS: readonly ExportColumn[] = [
  {
    ...{ name: 'pair', group: 'pair', kind: 'integer', nullable: false, sql: 'pair.number' },
    description: 'Number of the pair, from 1; its two exams share it',
  },
  {
    ...{ name: 'pair_role', group: 'pair', kind: 'text', nullable: false, sql: 'pair.role' },
    description: 'What the exam is in its pair',
    codes: { case: 'case', control: 'control' },
  },
  {
    ...{ name: 'pair_distance', group: 'pair', kind: 'real', nullable: true, sql: 'pair.distance' },
    description:
      'How far apart the two are: root of the sum of squares of the differences in standard deviations; missing for the two knees of one person',
  },
];

/** The exams of pairs as SQL. */
export interface PairRows {
  /** That an exam `t` is in a pair. */
  readonly condition: string;
  /** Joins the row `pair` to the row `exam`. */
  readonly join: string;
}

/**
 * Makes the pairs of an export.
 *
 * @param among the filter that its exams fit
 * @throws UserError as makePairs
 */
export async function pairRows(
  dataSource: DataSource,
  request: PairRequest,
  among: Where | null | undefined,
  parameters: Parameters,
): Promise<PairRows> {
  const { pairs } = await makePairs(dataSource, request, among);
  const members = pairs.flatMap(({ caseId, controlId, distance }, index) =>
    [caseId, controlId].map((id, place) => ({ id, number: index + 1, role: ['case', 'control'][place]!, distance })),
  );
  const list = (name: keyof (typeof members)[number], type: string): string =>
    parameters.add(
      members.map((member) => member[name]),
      `${type}[]`,
    );
  const ids = list('id', 'integer');
  const lists = [ids, list('number', 'integer'), list('role', 'text'), list('distance', 'double precision')];
  return {
    condition: `t.id = ANY(${ids})`,
    join: `JOIN unnest(${lists.join(', ')}) pair(exam_id, number, role, distance) ON pair.exam_id = exam.id`,
  };
}
