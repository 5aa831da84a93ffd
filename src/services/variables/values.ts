import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { VariableRef, VariableTable } from '../../domain/variables/index.js';
import { queryRecords } from '../../entities/index.js';
import { valueSql } from '../filters/index.js';

/** What one owner has of one variable. */
export interface VariableValue {
  /** As it was asked for. */
  name: string;
  label: string | null;
  unit: string | null;
  /** As the release has it; null where missing. */
  value: string | null;
  /** The value as a number; null for words and dates. */
  number: number | null;
  /** What a coded value stands for. */
  meaning: string | null;
  /** OAI's code of why there is no value; null for a value, and where the release is blank. */
  missing: string | null;
  /** Whether there is no value because a newer version of the released table has no longer the row that gave it. */
  dropped: boolean;
}

const VALUE = z.object({
  value: z.string().nullable(),
  number: z.number().nullable(),
  meaning: z.string().nullable(),
  missing: z.string().nullable(),
  dropped: z.boolean(),
});

/** Variables that one statement reads: each joins three tables. */
const AT_ONCE = 20;

/**
 * What rows have of some variables, in the order of both.
 *
 * @param ids keys of participants, visits or exams
 */
export async function readValues(
  dataSource: DataSource,
  refs: readonly VariableRef[],
  of: VariableTable,
  ids: readonly number[],
): Promise<VariableValue[][]> {
  const values = new Map(ids.map((id) => [id, [] as VariableValue[]]));
  for (let start = 0; start < refs.length; start += AT_ONCE) {
    const part = refs.slice(start, start + AT_ONCE);
    const sql = part.map((ref, index) => valueSql(ref, of, 't', `v${index}`));
    const columns = sql.flatMap(({ text, number, label, missing, dropped }, index) => [
      `${text} AS t${index}`,
      `${number} AS n${index}`,
      `${label} AS l${index}`,
      `${missing} AS m${index}`,
      `${dropped} AS d${index}`,
    ]);
    const rows = await queryRecords(
      dataSource,
      `SELECT t.id, ${columns.join(', ')} FROM ${of} t${sql.map(({ joins }) => joins).join('')} WHERE t.id = ANY($1)`,
      [ids],
    );
    for (const row of rows) {
      const own = values.get(row['id'] as number)!;
      for (const [index, { name, label, unit }] of part.entries()) {
        const read = {
          value: row[`t${index}`],
          number: row[`n${index}`],
          meaning: row[`l${index}`],
          missing: row[`m${index}`],
          dropped: row[`d${index}`],
        };
        const said = VALUE.parse(read);
        const isSilent = said.value === null && said.missing === null;
        own.push({ name, label, unit, ...said, dropped: said.dropped && isSilent });
      }
    }
  }
  return ids.map((id) => values.get(id)!);
}
