import { SIDES } from '../../domain/participants.js';
import { BUNDLES } from './bundle-table.js';
import { column, type Table } from './table.js';

/** The most probable grade; of two that are equally probable the lower one. */
const MOST_PROBABLE = (reading: string): string =>
  `(array_position(${reading}.probabilities, (SELECT max(p) FROM unnest(${reading}.probabilities) p)) - 1)`;

/** Automatic readings of films. */
export const RADIOGRAPH_READINGS: Table = {
  name: 'radiograph_reading',
  joins: { bundle: { table: () => BUNDLES, on: (reading, bundle) => `${bundle}.id = ${reading}.bundle_id` } },
  fields: {
    id: column({ kind: 'id', of: 'RadiographReading' }, 'id'),
    side: column({ kind: 'choice', of: Object.values(SIDES) }, 'side'),
    bundle: { kind: 'one', join: 'bundle' },
    kl: { ...column('integer', 'probabilities'), sql: MOST_PROBABLE },
    expectedKl: column('real', 'expected_kl'),
    distance: column('real', 'distance'),
    readable: { kind: 'flag', sql: (reading) => `(${reading}.unreadable IS NULL)` },
    createdAt: column('timestamp', 'created_at'),
  },
};
