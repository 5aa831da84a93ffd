import type { DataSource } from 'typeorm';
import { Erasure } from '../../entities/index.js';

/** Rows of one table. */
export interface TableRows {
  table: string;
  rows: number;
}

/** What an erasure came to. It names nobody: neither the participant nor anything by which they could be found. */
export interface Certificate {
  /** Null for a dry run, of which nothing is kept. */
  id: string | null;
  at: Date;
  /** The token that asked for it; null for the command line on the machine itself. */
  tokenId: number | null;
  dryRun: boolean;
  removed: TableRows[];
  /** Rows of others that named the participant. */
  rewritten: TableRows[];
  expiredExports: number;
  restartedExports: number;
  files: {
    count: number;
    bytes: number;
    /** Keyed digests of the files' SHA-256, in order: who has a file and the database can tell that it was among them. None of a dry run. */
    digests: string[];
  };
}

export function certificateOf(row: Erasure): Certificate {
  const { id, at, tokenId, removed, rewritten, expiredExports, restartedExports, bytes, files } = row;
  return {
    id,
    at,
    tokenId,
    dryRun: false,
    removed: listed(removed),
    rewritten: listed(rewritten),
    expiredExports,
    restartedExports,
    files: { count: files.length, bytes, digests: files },
  };
}

/** The certificates of all erasures, newest first. */
export async function listErasures(dataSource: DataSource): Promise<Certificate[]> {
  const rows = await dataSource.manager.find(Erasure, { order: { at: 'DESC' } });
  return rows.map(certificateOf);
}

function listed(counts: Readonly<Record<string, number>>): TableRows[] {
  return Object.entries(counts)
    .map(([table, rows]) => ({ table, rows }))
    .sort((a, b) => (a.table < b.table ? -1 : 1));
}
