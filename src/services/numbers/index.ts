/** The only door to numbers of knees: values of variables, their changes and slopes over time. */
export { resolveNumbers } from './resolve.js';
export { type NumberSql, numberSql } from './sql.js';
export { selectingNumbers } from './where.js';
