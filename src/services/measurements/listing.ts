import { MEASUREMENT_KINDS, MEASUREMENT_UNITS } from '../../domain/measurements.js';
import { Measurement } from '../../entities/index.js';
import { type Principal, seesEverybodys } from '../../policy/index.js';
import { column, KNEE_EXAMS, type Table, UPLOADS, type Where } from '../filters/index.js';
import type { Listing } from '../paging/index.js';

export const MEASUREMENTS: Table = {
  name: 'measurement',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Measurement' }, 'id'),
    radiograph: column({ kind: 'id', of: 'Radiograph' }, 'radiograph_id'),
    series: column({ kind: 'id', of: 'MriSeries' }, 'series_id'),
    generation: column({ kind: 'id', of: 'Generation' }, 'generation_id'),
    upload: column({ kind: 'id', of: 'UploadedRadiograph' }, 'upload_id'),
    exam: {
      kind: 'maybe',
      table: () => KNEE_EXAMS,
      on: (measurement, exam) => `${exam}.id = ${measurement}.exam_id`,
    },
    /** The upload with its owner; not in the API's filter. */
    uploaded: {
      kind: 'maybe',
      table: () => UPLOADS,
      on: (measurement, upload) => `${upload}.id = ${measurement}.upload_id`,
    },
    kind: column({ kind: 'choice', of: MEASUREMENT_KINDS }, 'kind'),
    value: column('double', 'value'),
    unit: column({ kind: 'choice', of: MEASUREMENT_UNITS }, 'unit'),
    name: column('text', 'name'),
    note: column('text', 'note'),
    createdAt: column('timestamp', 'created_at'),
    updatedAt: column('timestamp', 'updated_at'),
  },
};

/** The oldest first, as they were made. */
export const MEASUREMENT_LISTING: Listing<Measurement> = {
  table: MEASUREMENTS,
  entity: Measurement,
  key: column('integer', 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'ASC' }],
};

/** Those measurements of a filter that a principal may see: none on uploads of others, nor on what was made from them. */
export function measurementsFor(principal: Principal, where: Where | null): Where | null {
  if (seesEverybodys(principal)) return where;
  const visible = { or: [{ upload: { isNull: true } }, { uploaded: { owner: { eq: principal.tokenId } } }] };
  return { and: [where ?? {}, visible] };
}
