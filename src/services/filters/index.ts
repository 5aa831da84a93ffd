/** The only door to filters: what each table can be asked, and the SQL of it. */
export { selectingAt } from './at-visit.js';
export { difference } from './change.js';
export { compileFilter, leftOut, Parameters, Scope, type Where } from './compile.js';
export { hasGeneratedMri, hasMri, hasRadiograph, MRI_SERIES, mriSequences, UNLESS_OF_SERIES } from './image-tables.js';
export { column, type ColumnField, type Field, type Table } from './table.js';
export { AUDIT_ENTRIES, GENERATIONS, KNEE_EXAMS, PARTICIPANTS, UPLOADS } from './tables.js';
export { type ColumnType, parameterValue, sqlType } from './values.js';
export { variableOrders } from './variables.js';
export { RESOLVED } from './variable-condition.js';
