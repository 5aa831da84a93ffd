import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import type { VariableTable } from '../../domain/variables/index.js';

/** A level of a variable, and the blocks of cells in which rows of some owners have it. */
export interface UsedLevel {
  variableId: number;
  code: number;
  blocks: number;
}

const USED = z.object({ variableId: z.number(), code: z.number(), blocks: z.number() });

/** The levels that the cells of these owners hold, or held before an import that can be undone. */
export async function usedLevels(
  manager: EntityManager,
  owner: VariableTable,
  ids: readonly string[],
): Promise<UsedLevel[]> {
  return queryRows(
    manager,
    USED,
    `SELECT b.variable_id AS "variableId", abs(b.codes[o.id % 256 + 1]) AS code, count(*)::integer AS blocks
     FROM unnest($1::integer[]) o(id) JOIN (
       SELECT variable_id, block, codes FROM variable_block UNION ALL SELECT variable_id, block, codes FROM import_block
     ) b ON b.block = o.id / 256
     JOIN variable v ON v.id = b.variable_id AND v.owner = $2
     WHERE b.codes[o.id % 256 + 1] <> 0 GROUP BY 1, 2`,
    [[...ids], owner],
  );
}

/** Removes those of the levels that no cell holds any more: a value that only one person had tells of that person. @returns how many */
export async function removeUnused(manager: EntityManager, levels: readonly UsedLevel[]): Promise<number> {
  const removed = await queryRows(
    manager,
    z.object({ code: z.number() }),
    `WITH gone AS (
       DELETE FROM variable_level l USING unnest($1::integer[], $2::integer[]) u(variable_id, code)
       WHERE l.variable_id = u.variable_id AND l.code = u.code
         AND NOT EXISTS (SELECT 1 FROM variable_block b WHERE b.variable_id = l.variable_id AND (l.code = ANY(b.codes) OR -l.code = ANY(b.codes)))
         AND NOT EXISTS (SELECT 1 FROM import_block b WHERE b.variable_id = l.variable_id AND (l.code = ANY(b.codes) OR -l.code = ANY(b.codes)))
       RETURNING l.code)
     SELECT code FROM gone`,
    [levels.map(({ variableId }) => variableId), levels.map(({ code }) => code)],
  );
  return removed.length;
}
