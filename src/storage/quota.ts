import { Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRow } from '../entities/index.js';
import { UserError } from '../domain/errors.js';
import type { BlobStore } from './blob-store.js';

/** What the rows of a database say that its store holds. */
export interface StorageUse {
  bytes: number;
  assets: number;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** The use is counted anew at latest after so long, ms; more often once it is near the limit. */
const COUNT_MS = 60_000;
const NEAR_MS = 5_000;
const NEAR = 0.9;

/**
 * Bytes of a size such as "200GB".
 *
 * @param name of the setting, for the message
 * @throws UserError BAD_USER_INPUT
 */
export function parseSize(text: string, name: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = match && UNITS[match[2]!];
  const bytes = unit ? Math.floor(Number(match[1]) * unit) : NaN;
  if (!(bytes > 0)) {
    throw new UserError('BAD_USER_INPUT', `${name} is "${text}"; it must be a size such as 200GB, 500 MiB or 2.5TB.`);
  }
  return bytes;
}

/** A size as people write it, in decimal units: "12.3 GB". */
export function sizeInWords(bytes: number): string {
  const unit = (['TB', 'GB', 'MB', 'kB'] as const).find((name) => bytes >= UNITS[name]!);
  return unit ? `${Number((bytes / UNITS[unit]!).toFixed(1))} ${unit}` : `${bytes} bytes`;
}

/** Counts the rows: some milliseconds per 100,000 of them. */
export async function storageUse(dataSource: DataSource): Promise<StorageUse> {
  return queryRow(
    dataSource,
    z.object({ bytes: z.number(), assets: z.number() }),
    'SELECT coalesce(sum(bytes), 0)::float8 AS bytes, count(*)::integer AS assets FROM asset',
  );
}

/**
 * A store that takes no more than a quota; reading goes on when it is full. Use is what the rows of the database name, counted at
 * intervals and with what this process adds in between, so that several processes together may pass the quota by what they put
 * within a few seconds.
 */
export function withQuota(store: BlobStore, dataSource: DataSource, quota: number): BlobStore {
  let counted: { bytes: number; until: number } | undefined;

  async function use(): Promise<number> {
    if (!counted || Date.now() > counted.until) {
      const { bytes } = await storageUse(dataSource);
      counted = { bytes, until: Date.now() + (bytes > NEAR * quota ? NEAR_MS : COUNT_MS) };
    }
    return counted.bytes;
  }

  function refuse(used: number, wanted: number): never {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The blob store holds ${sizeInWords(used)} of the ${sizeInWords(quota)} that OSTEOGRAPH_BLOB_QUOTA allows; ` +
        `${wanted > 0 ? `${sizeInWords(wanted)} more do` : 'more does'} not fit.`,
    );
  }

  async function requireRoom(bytes: number): Promise<void> {
    const used = await use();
    if (used + bytes > quota || used >= quota) refuse(used, bytes);
  }

  async function* counting(data: Readable): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of data as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      await requireRoom(bytes);
      yield chunk;
    }
  }

  return {
    kind: store.kind,
    location: store.location,
    quota,
    async put(data, mediaType) {
      if (data instanceof Uint8Array) await requireRoom(data.byteLength);
      const given = data instanceof Uint8Array ? data : Readable.from(counting(data), { objectMode: false });
      const blob = await store.put(given, mediaType);
      if (counted) counted.bytes += blob.bytes;
      return blob;
    },
    async requireRoom(bytes) {
      await requireRoom(bytes);
      await store.requireRoom(bytes);
    },
    open: (storageKey, range) => store.open(storageKey, range),
    exists: (storageKey) => store.exists(storageKey),
    delete: (storageKey) => store.delete(storageKey),
    list: () => store.list(),
    removeDrafts: (begunBefore, options) => store.removeDrafts(begunBefore, options),
    readMark: () => store.readMark(),
    writeMark: (text, options) => store.writeMark(text, options),
  };
}
