import { MRI_PROTOCOLS, protocolSql, sideSql } from '../../domain/mri-protocols.js';
import { SIDES } from '../../domain/participants.js';
import { standingSql } from '../../entities/index.js';
import { DROPPED, UNLESS_DROPPED } from './dropped.js';
import { column } from './table.js';
import type { Table, Unless } from './table.js';

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
    protocol: {
      ...column({ kind: 'choice', of: MRI_PROTOCOLS }, 'sequence'),
      sql: (series) => protocolSql(`${series}.sequence`),
    },
    side: {
      ...column({ kind: 'choice', of: Object.values(SIDES) }, 'sequence'),
      sql: (series) => sideSql(`${series}.sequence`),
    },
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

/** What relations to series leave out: real and generated ones never mix silently. */
export const UNLESS_OF_SERIES: readonly Unless[] = [
  { field: 'synthetic', on: (series) => `NOT ${series}.synthetic` },
  UNLESS_DROPPED,
];

function stored(alias: string): string {
  return `(${alias}.asset_id IS NOT NULL)`;
}

/** A stored film that shows the knee and that the release still has. */
export function hasRadiograph(exam: string): string {
  const film = `f.asset_id IS NOT NULL AND ${standingSql('f')}`;
  return (
    `(EXISTS (SELECT 1 FROM radiograph f WHERE f.visit_id = ${exam}.visit_id AND ${film})` +
    ` OR EXISTS (SELECT 1 FROM radiograph f WHERE f.exam_id = ${exam}.id AND ${film}))`
  );
}

/** A stored real series of the knee that the release still has. */
export function hasMri(exam: string): string {
  return `EXISTS (SELECT 1 FROM ${seriesOf(exam, 'NOT m.synthetic')})`;
}

/** A stored series of the knee that was made by a generation. */
export function hasGeneratedMri(exam: string): string {
  return `EXISTS (SELECT 1 FROM ${seriesOf(exam, 'm.synthetic')})`;
}

/** Descriptions of the stored real series of the knee, joined by semicolons; null without one. */
export function mriSequences(exam: string): string {
  return `(SELECT string_agg(DISTINCT m.sequence, ';' ORDER BY m.sequence) FROM ${seriesOf(exam, 'NOT m.synthetic')})`;
}

function seriesOf(exam: string, which: string): string {
  return `mri_series m WHERE m.exam_id = ${exam}.id AND ${which} AND m.asset_id IS NOT NULL AND ${standingSql('m')}`;
}
