import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { EntityManager } from 'typeorm';
import { fromBufferPromise } from 'yauzl';
import { type Asset, OriginalObject } from '../../entities/index.js';
import { readDicomHeader } from '../../imaging/dicom/read.js';
import { type BlobStore, readAsset, storeAsset } from '../../storage/index.js';
import { zipPieces } from './zip.js';

/** Whose objects they are. */
export type OwnerOfOriginal = { radiographId: number } | { seriesId: number } | { uploadId: string };

/** A de-identified DICOM file. */
export interface OriginalFile {
  bytes: Uint8Array;
  sopInstanceUid: string;
}

/**
 * Keeps the de-identified DICOM objects that an image came as, in place of those that it had. One file is kept as it is, several in an
 * archive, of which one is in memory at a time.
 *
 * @param files in the order of the image
 * @throws UserError LIMIT_EXCEEDED when the store is full
 */
export async function keepOriginal(
  manager: EntityManager,
  store: BlobStore,
  owner: OwnerOfOriginal,
  files: AsyncIterable<OriginalFile>,
): Promise<void> {
  const given = files[Symbol.asyncIterator]();
  const first = await given.next();
  // What is no DICOM, such as a PNG that has taken the place of one, has no object.
  if (first.done) return forgetOriginal(manager, owner);
  const { studyUid, seriesUid, sopClassUid } = await readDicomHeader({ bytes: first.value.bytes, name: 'The object' });
  const instanceUids = [first.value.sopInstanceUid];
  const second = await given.next();
  const asset = second.done
    ? await storeAsset(manager, store, first.value.bytes, DICOM)
    : await storeAsset(manager, store, Readable.from(zipPieces(entries())), ZIP);

  async function* entries() {
    yield entryOf(first.value as OriginalFile);
    for (let next = second; !next.done; next = await given.next()) {
      instanceUids.push(next.value.sopInstanceUid);
      yield entryOf(next.value);
    }
  }

  const object = { studyUid, seriesUid, sopClassUid, instanceUids, assetId: asset.id };
  // The row stays the image's own, so that an import which replaced its object can be undone.
  const { affected } = await manager.update(OriginalObject, owner, object);
  if (!affected) await manager.insert(OriginalObject, { ...owner, ...object });
}

/** Keeps no object of an image any more; its file goes with the next sweep. */
export async function forgetOriginal(manager: EntityManager, owner: OwnerOfOriginal): Promise<void> {
  await manager.delete(OriginalObject, owner);
}

/**
 * Stores kept objects anew with something changed in each.
 *
 * @returns the asset that takes the place of theirs
 */
export async function rewriteOriginal(
  manager: EntityManager,
  store: BlobStore,
  asset: Pick<Asset, 'storageKey' | 'mediaType'>,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<Asset> {
  const bytes = await readAsset(store, asset, 'an original object');
  if (asset.mediaType === DICOM) return storeAsset(manager, store, change(bytes), DICOM);
  async function* entries() {
    const archive = await fromBufferPromise(bytes);
    for await (const entry of archive.eachEntry()) {
      const file = await buffer(await archive.openReadStreamPromise(entry));
      yield { path: entry.fileName, bytes: change(file) };
    }
  }
  return storeAsset(manager, store, Readable.from(zipPieces(entries())), ZIP);
}

const DICOM = 'application/dicom';
const ZIP = 'application/zip';

function entryOf({ sopInstanceUid, bytes }: OriginalFile) {
  return { path: `${sopInstanceUid}.dcm`, bytes };
}
