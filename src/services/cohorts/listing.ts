import { COHORT_KINDS, COHORT_VISIBILITIES } from '../../domain/cohorts.js';
import { Cohort, CohortVersion } from '../../entities/index.js';
import { column, type Table } from '../filters/index.js';
import type { Listing } from '../paging/index.js';

export const COHORTS: Table = {
  name: 'cohort',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Cohort' }, 'id'),
    name: column('text', 'name'),
    description: column('text', 'description'),
    kind: column({ kind: 'choice', of: COHORT_KINDS }, 'kind'),
    visibility: column({ kind: 'choice', of: COHORT_VISIBILITIES }, 'visibility'),
    version: column('integer', 'version'),
    createdAt: column('timestamp', 'created_at'),
    updatedAt: column('timestamp', 'updated_at'),
    /** Key of the owner's token; not in the API's filter. */
    owner: column('integer', 'owner_id'),
  },
};

export const COHORT_LISTING: Listing<Cohort> = {
  table: COHORTS,
  entity: Cohort,
  key: column({ kind: 'id', of: 'Cohort' }, 'id'),
  orders: {
    NAME: column('text', 'name'),
    CREATED_AT: column('timestamp', 'created_at'),
    UPDATED_AT: column('timestamp', 'updated_at'),
  },
  defaultOrder: [{ field: 'UPDATED_AT', direction: 'DESC' }],
};

export const COHORT_VERSIONS: Table = {
  name: 'cohort_version',
  joins: {},
  fields: { cohort: column({ kind: 'id', of: 'Cohort' }, 'cohort_id') },
};

export const COHORT_VERSION_LISTING: Listing<CohortVersion> = {
  table: COHORT_VERSIONS,
  entity: CohortVersion,
  key: column('integer', 'id'),
  orders: { VERSION: column('integer', 'version') },
  defaultOrder: [{ field: 'VERSION', direction: 'DESC' }],
};
