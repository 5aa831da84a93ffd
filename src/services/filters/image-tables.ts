import { DROPPED } from './dropped.js';
import { column } from './table.js';
import type { Table } from './table.js';

const PLANE = { kind: 'choice', of: ['CORONAL', 'SAGITTAL', 'AXIAL'] } as const;

export const RADIOGRAPHS: Table = {
  name: 'radiograph',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Radiograph' }, 'id'),
    barcode: column('text', 'barcode'),
    view: column('text', 'view'),
    date: column('date', 'date'),
    rows: column('integer', 'rows'),
    columns: column('integer', 'columns'),
    pixelSpacing: column('real', 'pixel_spacing'),
    photometric: column('text', 'photometric'),
    bilateral: { kind: 'flag', sql: (film) => `(${film}.visit_id IS NOT NULL)` },
    stored: { kind: 'flag', sql: stored },
    dropped: DROPPED,
  },
};

export const MRI_SERIES: Table = {
  name: 'mri_series',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'MriSeries' }, 'id'),
    barcode: column('text', 'barcode'),
    sequence: column('text', 'sequence'),
    plane: column(PLANE, 'plane'),
    date: column('date', 'date'),
    sliceCount: column('integer', 'slice_count'),
    rows: column('integer', 'rows'),
    columns: column('integer', 'columns'),
    pixelSpacing: column('real', 'pixel_spacing'),
    sliceSpacing: column('real', 'slice_spacing'),
    direction: column('text', 'direction'),
    synthetic: column('boolean', 'synthetic'),
    createdAt: column('timestamp', 'created_at'),
    stored: { kind: 'flag', sql: stored },
    dropped: DROPPED,
  },
};

function stored(alias: string): string {
  return `(${alias}.asset_id IS NOT NULL)`;
}

/** A stored film that shows the knee. */
export function hasRadiograph(exam: string): string {
  return (
    `(EXISTS (SELECT 1 FROM radiograph f WHERE f.visit_id = ${exam}.visit_id AND f.asset_id IS NOT NULL)` +
    ` OR EXISTS (SELECT 1 FROM radiograph f WHERE f.exam_id = ${exam}.id AND f.asset_id IS NOT NULL))`
  );
}

/** A stored real series of the knee. */
export function hasMri(exam: string): string {
  return `EXISTS (SELECT 1 FROM mri_series m WHERE m.exam_id = ${exam}.id AND NOT m.synthetic AND m.asset_id IS NOT NULL)`;
}
