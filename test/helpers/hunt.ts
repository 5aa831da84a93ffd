import { gunzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import type { DataSource } from 'typeorm';
import { isDicom, parseDicom } from '../../src/imaging/dicom/read.js';
import type { BlobStore } from '../../src/storage/index.js';
import { unzipped } from './zip.js';

/**
 * Looks for words in every column of every table as text, in what the planner remembers of them, in every stored file, packed or not, and in
 * log lines.
 *
 * @returns where each was found, e.g. "export 9000001", in order
 */
export async function hunt(
  { dataSource, store, log = [] }: { dataSource: DataSource; store: BlobStore; log?: readonly object[] },
  words: readonly string[],
): Promise<string[]> {
  const places = new Set<string>();
  const look = (place: string, text: string | Buffer) => {
    for (const word of words) if (text.includes(word)) places.add(`${place} ${word}`);
  };
  for (const table of await tablesOf(dataSource)) {
    const rows = await dataSource.query<{ row: string }[]>(`SELECT t::text AS row FROM "${table}" t`);
    for (const { row } of rows) look(table, row);
  }
  const remembered = await dataSource.query<{ place: string; row: string }[]>(
    `SELECT 'statistics of ' || tablename AS place, s::text AS row FROM pg_stats s WHERE schemaname = 'public'`,
  );
  for (const { place, row } of remembered) look(place, row);
  for await (const { storageKey } of store.list()) {
    look('blob name', storageKey);
    const bytes = await buffer(await store.open(storageKey));
    look('blob', bytes);
    if (bytes.readUInt16BE() === 0x1f8b) look('blob', gunzipSync(bytes));
    if (bytes.readUInt16BE() === 0x504b)
      for (const file of await unzipped(bytes)) look('blob', file[0] + file[1].toString());
    if (isDicom(bytes)) look('blob', Buffer.from(parseDicom(bytes, 'The blob').dataSet.byteArray));
  }
  for (const line of log) look('log', JSON.stringify(line));
  return [...places].sort();
}

/** Every row of every table but that of quotas, as text: two of them are equal when nothing has changed. */
export async function dumped(dataSource: DataSource): Promise<Record<string, string[]>> {
  const dump: Record<string, string[]> = {};
  for (const table of await tablesOf(dataSource)) {
    if (table === 'rate_limit') continue;
    const rows = await dataSource.query<{ row: string }[]>(`SELECT t::text AS row FROM "${table}" t ORDER BY 1`);
    dump[table] = rows.map(({ row }) => row);
  }
  return dump;
}

async function tablesOf(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ tablename: string }[]>(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  return rows.map(({ tablename }) => tablename);
}
