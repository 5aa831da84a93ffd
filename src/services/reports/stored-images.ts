import { type DataSource, In } from 'typeorm';
import { Asset, type Generation, GenerationSlice, MriSeries, Radiograph } from '../../entities/index.js';
import { type BlobStore, readAsset } from '../../storage/index.js';
import type { StoredSeries } from './stored-volumes.js';

/** An imported series with its pixels; null when they are gone. */
export async function readSeries(
  dataSource: DataSource,
  store: BlobStore,
  seriesId: number,
): Promise<StoredSeries | null> {
  const series = await dataSource.manager.findOne(MriSeries, { where: { id: seriesId }, relations: { asset: true } });
  if (!series?.asset) return null;
  const name = `MRI series ${series.barcode ?? series.id}`;
  return { nifti: await readAsset(store, series.asset, name), name };
}

/** Stored slices of a generation as PNG files, in the order of `indices`; all of them when absent. */
export async function readSlices(
  dataSource: DataSource,
  store: BlobStore,
  generationId: string,
  indices?: readonly number[],
): Promise<Uint8Array[]> {
  const slices = await dataSource.manager.find(GenerationSlice, {
    where: { generationId, ...(indices ? { index: In([...indices]) } : {}) },
    order: { index: 'ASC' },
    relations: { asset: true },
  });
  const read: Uint8Array[] = [];
  for (const { asset, index } of slices) read.push(await readAsset(store, asset, `slice ${index} of a generation`));
  return read;
}

/** The film of a generation, with its mm per pixel where that is known. */
export async function readFilm(
  dataSource: DataSource,
  store: BlobStore,
  { radiographId }: Pick<Generation, 'radiographId'>,
): Promise<{ bytes: Uint8Array; name: string; pixelSpacing: number | null } | null> {
  const film = radiographId === null ? null : await dataSource.manager.findOneBy(Radiograph, { id: radiographId });
  if (film?.assetId == null) return null;
  const asset = await dataSource.manager.findOneByOrFail(Asset, { id: film.assetId });
  const name = `Radiograph ${film.barcode ?? film.id}`;
  return { bytes: await readAsset(store, asset, name), name, pixelSpacing: film.pixelSpacing };
}
