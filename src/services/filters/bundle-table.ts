import { column, type Table } from './table.js';

export const BUNDLES: Table = {
  name: 'bundle',
  joins: {},
  fields: { name: column('text', 'name'), version: column('text', 'version') },
};
