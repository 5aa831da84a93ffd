import type { DataSource } from 'typeorm';
import { REMOVABLE, removeAudit, sealAudit } from '../audit/index.js';
import type { Retained } from './rules.js';

/** Rows of one table that are kept for a time. */
export interface Store {
  kind: Exclude<Retained, 'exports'>;
  table: string;
  /** SQL over the table as `t`: whose time is over before the moment $1. */
  expired: string;
  /** SQL that forgets those whose ctid is in `gone`; default: removes the rows. */
  forget?: string;
  /** What is done before it is looked at. */
  prepare?: (dataSource: DataSource) => Promise<unknown>;
  /** Removes them in a way of its own. @returns how many */
  remove?: (dataSource: DataSource, before: string, signal?: AbortSignal) => Promise<number>;
}

/** Works whose logs go when they have been over for so long. The last line stays: who resumes is told how it ended, and nobody waits. */
const LOGS = [
  ['generation', ['SUCCEEDED', 'FAILED', 'CANCELED']],
  ['batch', ['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELED']],
  ['evaluation', ['SUCCEEDED', 'FAILED', 'CANCELED']],
  ['export', ['SUCCEEDED', 'EXPIRED', 'FAILED', 'CANCELED']],
  ['reader_study', ['CLOSED']],
  ['dicom_sending', ['SUCCEEDED', 'FAILED', 'CANCELED']],
  ['t2_map', ['SUCCEEDED', 'FAILED', 'CANCELED']],
] as const;

/** Tables with client keys, and the column with the time from which a key counts. */
const KEYED = { generation: 'finished_at', batch: 'finished_at', measurement: 'created_at' } as const;

/** Every table of which rows go, in the order in which it is looked at. */
export const STORES: readonly Store[] = [
  ...LOGS.map(([table, final]): Store => {
    const over = `w.id = t.${table}_id AND w.finished_at < $1 AND w.state IN (${final.map((state) => `'${state}'`).join(', ')})`;
    return {
      kind: 'events',
      table: `${table}_event`,
      expired: `EXISTS (SELECT 1 FROM ${table} w WHERE ${over} AND t.seq < w.last_seq)`,
    };
  }),
  { kind: 'events', table: 'webhook_delivery', expired: 't.finished_at < $1' },
  { kind: 'audit', table: 'audit_entry', expired: REMOVABLE, prepare: sealAudit, remove: removeAudit },
  ...Object.entries(KEYED).map(([table, since]): Store => ({
    kind: 'keys',
    table,
    expired: `t.client_key IS NOT NULL AND t.${since} < $1`,
    forget: `UPDATE ${table} SET client_key = NULL, request = NULL WHERE ctid = ANY(ARRAY(SELECT at FROM gone))`,
  })),
  {
    kind: 'previews',
    table: 'generation_difference',
    expired: 'EXISTS (SELECT 1 FROM asset a WHERE a.id = t.picture_id AND a.stored_at < $1)',
  },
];
