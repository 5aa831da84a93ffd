import { DerivedVariable, DerivedVariableVersion } from '../../entities/index.js';
import { column, type Table } from '../filters/index.js';
import type { Listing } from '../paging/index.js';

export const DERIVED_VARIABLES: Table = {
  name: 'derived_variable',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'DerivedVariable' }, 'id'),
    name: column('text', 'name'),
    label: column('text', 'label'),
    version: column('integer', 'version'),
    createdAt: column('timestamp', 'created_at'),
    updatedAt: column('timestamp', 'updated_at'),
    /** Key of the owner's token; not in the API's filter. */
    owner: column('integer', 'owner_id'),
  },
};

export const DERIVED_VARIABLE_LISTING: Listing<DerivedVariable> = {
  table: DERIVED_VARIABLES,
  entity: DerivedVariable,
  key: column({ kind: 'id', of: 'DerivedVariable' }, 'id'),
  orders: {
    NAME: column('text', 'name'),
    CREATED_AT: column('timestamp', 'created_at'),
    UPDATED_AT: column('timestamp', 'updated_at'),
  },
  defaultOrder: [{ field: 'NAME', direction: 'ASC' }],
};

export const DERIVED_VARIABLE_VERSIONS: Table = {
  name: 'derived_variable_version',
  joins: {},
  fields: { variable: column({ kind: 'id', of: 'DerivedVariable' }, 'variable_id') },
};

export const DERIVED_VARIABLE_VERSION_LISTING: Listing<DerivedVariableVersion> = {
  table: DERIVED_VARIABLE_VERSIONS,
  entity: DerivedVariableVersion,
  key: column('integer', 'id'),
  orders: { VERSION: column('integer', 'version') },
  defaultOrder: [{ field: 'VERSION', direction: 'DESC' }],
};
