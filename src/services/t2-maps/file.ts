import type { DataSource } from 'typeorm';
import { type Asset, T2Map } from '../../entities/index.js';
import { decodeNifti } from '../../imaging/nifti.js';
import type { BlobStore } from '../../storage/index.js';
import { loadSources, readVolumeFile, type SeriesSource, t2MapObject } from '../series/index.js';

/** A finished map with the echo that it is named by. */
export interface T2MapSource {
  map: T2Map & { asset: Asset; finishedAt: Date };
  source: SeriesSource;
}

/** Undefined where there is no such map, or none yet. */
export async function findT2MapFile(dataSource: DataSource, id: number): Promise<T2MapSource | undefined> {
  const map = await dataSource.getRepository(T2Map).findOne({ where: { id }, relations: { asset: true } });
  if (!map?.asset || !map.finishedAt) return undefined;
  const [source] = await loadSources(dataSource, [map.seriesId]);
  return source && { map: { ...map, asset: map.asset, finishedAt: map.finishedAt }, source };
}

/**
 * The map as a DICOM Parametric Map.
 *
 * @throws UserError UNAVAILABLE when the store has lost or damaged its file
 */
export async function t2MapFile(store: BlobStore, { map, source }: T2MapSource): Promise<Uint8Array> {
  const { volume } = await decodeNifti(await readVolumeFile(store, map.asset, 'The T2 map'), 'The T2 map');
  const echoTimes = map.echoes.map(({ echoTime }) => echoTime).slice(map.skipFirst ? 1 : 0);
  return t2MapObject(source, volume, { ...map, sha256: map.asset.sha256, echoTimes });
}
