import { column, type ManyField, type Table } from './table.js';

const TAGS: Table = {
  name: 'tag',
  joins: {},
  fields: {
    name: column('text', 'name'),
    createdAt: column('timestamp', 'created_at'),
  },
};

/** The tags of rows whose key a column of theirs holds. */
export function tagsBy(key: 'exam_id' | 'generation_id'): ManyField {
  return { kind: 'many', rows: 3, table: () => TAGS, on: [(parent, tag) => `${tag}.${key} = ${parent}.id`] };
}
