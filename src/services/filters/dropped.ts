import { droppedSql } from '../../entities/index.js';
import type { FlagField } from './table.js';

/** Whether a newer release of its table has the row no more. */
export const DROPPED: FlagField = { kind: 'flag', sql: droppedSql };
