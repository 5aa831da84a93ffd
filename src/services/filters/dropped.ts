import { droppedSql, standingSql } from '../../entities/index.js';
import type { FlagField, Unless } from './table.js';

/** Whether a newer release of its table has the row no more. */
export const DROPPED: FlagField = { kind: 'flag', sql: droppedSql };

/** Such rows are left out where a filter does not speak of them. */
export const UNLESS_DROPPED: Unless = { field: 'dropped', on: standingSql };
