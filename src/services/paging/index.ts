/** The only door to pages: lists, their orders and cursors, and the JSON that the database writes of them. */
export { jsonId, jsonObject, jsonPlain, jsonRelation, type JsonSql, jsonValue, jsonWord } from './json.js';
export {
  AUDIT_LISTING,
  GENERATION_LISTING,
  KNEE_EXAM_LISTING,
  KNEE_LISTING,
  PARTICIPANT_LISTING,
  UPLOAD_LISTING,
  MASK_LISTING,
} from './listings.js';
export {
  countRows,
  countRowsOf,
  type JsonPage,
  type Listing,
  type Page,
  PAGE_SIZE,
  type PageBounds,
  type PageRequest,
  pageSize,
  readJsonPage,
  readPage,
  readPagesOf,
  type Wanted,
} from './pages.js';
export { fittingRows, fittingRowsOf, type PlacedRows } from './fitting.js';
export { noCursor } from './cursors.js';
export { EXAM_RELATIONS, type Relation } from './relations.js';
export type { Order } from './order.js';
