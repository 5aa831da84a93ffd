import { BATCH_STATES, MEMBER_STATES } from '../../domain/batches.js';
import { Batch, BatchMember, type Generation } from '../../entities/index.js';
import { column, GENERATIONS, type Table } from '../filters/index.js';
import { GENERATION_LISTING, type Listing } from '../paging/index.js';

export const BATCHES: Table = {
  name: 'batch',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Batch' }, 'id'),
    name: column('text', 'name'),
    state: column({ kind: 'choice', of: BATCH_STATES }, 'state'),
    priority: column('integer', 'priority'),
    clientKey: column('text', 'client_key'),
    createdAt: column('timestamp', 'created_at'),
    finishedAt: column('timestamp', 'finished_at'),
    /** Key of the requester's token; not in the API's filter. */
    owner: column('integer', 'requested_by_id'),
  },
};

export const BATCH_LISTING: Listing<Batch> = {
  table: BATCHES,
  entity: Batch,
  key: column({ kind: 'id', of: 'Batch' }, 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at'), FINISHED_AT: column('timestamp', 'finished_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

/** What has become of a member, by its own row and its generation's. */
const STATE = `CASE WHEN m.generation_id IS NULL THEN 'NOT_POSSIBLE' WHEN m.reused THEN 'REUSED'
  WHEN g.state = 'QUEUED' THEN 'WAITING' ELSE g.state END`;

const BATCH_MEMBERS: Table = {
  name: `(SELECT m.*, ${STATE} AS state FROM batch_member m LEFT JOIN generation g ON g.id = m.generation_id)`,
  joins: {},
  fields: { state: column({ kind: 'choice', of: MEMBER_STATES }, 'state') },
};

/** In the order in which they are made; one page belongs to one batch. */
export const BATCH_MEMBER_LISTING: Listing<BatchMember> = {
  table: BATCH_MEMBERS,
  entity: BatchMember,
  key: column('integer', 'position'),
  orders: {},
  defaultOrder: [],
};

/** Generations of the members, those that were there before among them. */
const BATCH_GENERATIONS: Table = {
  ...GENERATIONS,
  name: `(SELECT g.*, m.batch_id AS of_batch, m.position AS of_position FROM batch_member m JOIN generation g ON g.id = m.generation_id)`,
};

export const BATCH_GENERATION_LISTING: Listing<Generation> = {
  ...GENERATION_LISTING,
  table: BATCH_GENERATIONS,
  orders: { ...GENERATION_LISTING.orders, POSITION: column('integer', 'of_position') },
  defaultOrder: [{ field: 'POSITION', direction: 'ASC' }],
};
