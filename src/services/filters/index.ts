/** The only door to filters: what each table can be asked, and the SQL of it. */
export { selectingAt } from './at-visit.js';
export { difference } from './change.js';
export { compileFilter, countConditions, leftOut, Parameters, Scope, speaksOf, type Where } from './compile.js';
export { UNLESS_DROPPED } from './dropped.js';
export { RADIOGRAPH_READINGS } from './film-reading-table.js';
export { GENERATION_OUTPUTS, GENERATION_SLICES } from './generation-tables.js';
export {
  hasGeneratedMri,
  hasMri,
  hasRadiograph,
  MRI_SERIES,
  mriSequences,
  RADIOGRAPHS,
  UNLESS_OF_SERIES,
} from './image-tables.js';
export { JOINT_OUTCOMES } from './outcome-table.js';
export { READINGS } from './reading-table.js';
export { column, type ColumnField, type Field, type Table, type Unless } from './table.js';
export { AUDIT_ENTRIES, GENERATIONS, KNEE_EXAMS, KNEES, MASKS, PARTICIPANTS, UPLOADS, VISITS } from './tables.js';
export { type ColumnType, parameterValue, sqlType } from './values.js';
export { valueSql, type ValueSql } from './variable-sql.js';
export { variableOrders } from './variables.js';
export { RESOLVED } from './variable-condition.js';
