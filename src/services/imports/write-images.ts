import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { MriAcquisition } from '../../domain/acquisition.js';
import type { Strip } from '../../domain/strips.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { type DicomSeries, readSeries } from '../../imaging/dicom/series.js';
import { encodeNifti } from '../../imaging/nifti.js';
import { encodeFilm, type Film } from '../../imaging/radiograph/film.js';
import type { Plane, Volume } from '../../imaging/volume.js';
import { type BlobStore, storeAsset } from '../../storage/index.js';
import type { StoredFilm } from './stored-film.js';

/** What a film's pixels say, as columns of Radiograph. */
export interface FilmPixels {
  rows: number;
  columns: number;
  pixelSpacing: number | null;
  photometric: string | null;
  contentSha256: string;
  assetId: number;
}

/** Stores a film as a 16-bit grey PNG, bone bright. */
export async function storeFilm(manager: EntityManager, store: BlobStore, film: StoredFilm): Promise<FilmPixels> {
  const { rows, columns, pixelSpacing, attributes, png } = film;
  const asset = await storeAsset(manager, store, png, 'image/png');
  return {
    rows,
    columns,
    pixelSpacing: pixelSpacing?.[0] ?? null,
    photometric: attributes?.photometric ?? null,
    // The file holds the pixels and nothing else.
    contentSha256: asset.sha256,
    assetId: asset.id,
  };
}

/** The digest of a film's pixels that {@link storeFilm} keeps, without storing it. */
export function contentOfFilm(film: Film): string {
  return createHash('sha256').update(encodeFilm(film)).digest('hex');
}

/** UIDs of the object that a film is kept as, by which what is made of it refers to it. */
export function uidsOf({ attributes }: Pick<StoredFilm, 'attributes'>): {
  sopClassUid: string | null;
  sopInstanceUid: string | null;
} {
  return { sopClassUid: attributes?.sopClassUid ?? null, sopInstanceUid: attributes?.sopInstanceUid ?? null };
}

/** What a series' pixels say, as columns of MriSeries. */
export interface SeriesPixels {
  plane: Plane | null;
  sliceCount: number;
  rows: number;
  columns: number;
  pixelSpacing: number;
  sliceSpacing: number;
  direction: string | null;
  acquisition: MriAcquisition;
  contentSha256: string;
  assetId: number;
}

const DIRECTIONS: Readonly<Record<Plane, string>> = {
  CORONAL: 'posterior to anterior',
  SAGITTAL: 'right to left',
  AXIAL: 'feet to head',
};

/**
 * Stores a series as NIfTI (.nii.gz) in the axes of STORED_AXES, not mirrored; one volume is in memory while it is written.
 *
 * @param header what de-identification left of its first header
 * @param redact strips of every slice that are made black
 */
export async function storeSeries(
  manager: EntityManager,
  store: BlobStore,
  series: DicomSeries,
  description: string,
  { header, redact }: { header: DicomAttributes; redact: readonly Strip[] | undefined },
): Promise<SeriesPixels> {
  const volume = await readSeries(series, redact);
  const asset = await storeAsset(manager, store, await encodeNifti(volume, description), 'application/gzip');
  const { plane } = series;
  const { echoTime, sliceThickness, acquisition } = series.attributes;
  const { manufacturer, model, receiveCoil } = header.acquisition;
  return {
    plane,
    sliceCount: volume.slices,
    rows: volume.rows,
    columns: volume.columns,
    pixelSpacing: volume.spacing[0],
    sliceSpacing: volume.spacing[2],
    acquisition: { echoTime, sliceThickness, ...acquisition, manufacturer, model, receiveCoil },
    contentSha256: contentOf(volume),
    direction: plane && series.orderedBy === 'position' ? DIRECTIONS[plane] : null,
    assetId: asset.id,
  };
}

/** The digest of a series' voxels, nothing of them made black, that {@link storeSeries} keeps, without storing it. */
export async function contentOfSeries(series: DicomSeries): Promise<string> {
  return contentOf(await readSeries(series));
}

/** Digest of the voxels and their grid: unlike the file's it does not depend on whose they are said to be. */
function contentOf({ columns, rows, slices, spacing, data }: Volume): string {
  return createHash('sha256')
    .update(JSON.stringify([columns, rows, slices, spacing, data.constructor.name]))
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}
