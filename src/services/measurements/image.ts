import type { EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { Side } from '../../domain/participants.js';
import {
  Asset,
  Generation,
  GenerationOutput,
  KneeExam,
  type Measurement,
  MriSeries,
  Radiograph,
  UploadedRadiograph,
} from '../../entities/index.js';
import { cutAlong } from '../../imaging/orient.js';
import type { Plane } from '../../imaging/volume.js';
import type { Principal } from '../../policy/index.js';
import type { BlobStore } from '../../storage/index.js';
import { readStoredHead } from '../files/index.js';
import { requireUploadReader } from '../uploads/index.js';

/** An image that can be measured: a film, a series, an upload, or the film that a generation made. */
export type ImageKey =
  { type: 'Radiograph' | 'MriSeries'; id: number } | { type: 'Generation' | 'UploadedRadiograph'; id: string };

/** Columns of a measurement by which it belongs to its image. */
export type OfImage = Pick<Measurement, 'radiographId' | 'seriesId' | 'generationId' | 'uploadId'>;

/** An image as its measurements need it. */
export interface MeasuredImage {
  of: OfImage;
  sha256: string;
  /** The knee that points lie on, by the column of each. */
  examOf: (columns: readonly number[]) => Promise<number | null>;
  /** The picture that points are in, and which slices there are: a film has none. @throws UserError */
  picture: (plane: Plane | null) => Promise<Picture>;
}

export interface Picture {
  rows: number;
  columns: number;
  slices: number | null;
  /** mm across and down; null where the size of its pixels is unknown. */
  pixel: readonly [number, number] | null;
}

const NOBODYS = { radiographId: null, seriesId: null, generationId: null, uploadId: null } as const;

/** The image that a measurement lies on. */
export function imageOf({ radiographId, seriesId, generationId, uploadId }: OfImage): ImageKey {
  if (radiographId !== null) return { type: 'Radiograph', id: radiographId };
  if (seriesId !== null) return { type: 'MriSeries', id: seriesId };
  if (generationId !== null) return { type: 'Generation', id: generationId };
  return { type: 'UploadedRadiograph', id: uploadId! };
}

/**
 * Finds an image and holds it, so that it does not go before what is measured on it is written.
 *
 * @throws UserError NOT_FOUND for what is not there, has no pixels, or is another's upload or made from one
 */
export async function findImage(
  manager: EntityManager,
  store: BlobStore,
  actor: Principal,
  { type, id }: ImageKey,
): Promise<MeasuredImage> {
  switch (type) {
    case 'Radiograph':
      return radiograph(manager, id);
    case 'MriSeries':
      return series(manager, store, actor, id);
    case 'Generation':
      return madeFilm(manager, actor, id);
    case 'UploadedRadiograph':
      return upload(manager, actor, id);
  }
}

async function radiograph(manager: EntityManager, id: number): Promise<MeasuredImage> {
  const row = await held(manager, Radiograph, id, 'radiograph');
  const asset = await assetOf(manager, row.assetId, 'radiograph');
  const { columns, rows, pixelSpacing, visitId, examId } = row;
  return {
    of: { ...NOBODYS, radiographId: id },
    sha256: asset.sha256,
    examOf: async (at) => (visitId === null ? examId : examOnFilm(manager, visitId, sideOf(at, columns!))),
    picture: async (plane) => film({ columns: columns!, rows: rows!, pixelSpacing }, plane),
  };
}

async function upload(manager: EntityManager, actor: Principal, id: string): Promise<MeasuredImage> {
  const row = await held(manager, UploadedRadiograph, id, 'uploaded radiograph');
  requireUploadReader(row, actor, 'uploaded radiograph');
  const asset = await assetOf(manager, row.assetId, 'uploaded radiograph');
  return {
    of: { ...NOBODYS, uploadId: id },
    sha256: asset.sha256,
    examOf: async () => null,
    picture: async (plane) => film(row, plane),
  };
}

/** What a generation shows is no larger or smaller than its film, but for the factor that it was enlarged by. */
async function madeFilm(manager: EntityManager, actor: Principal, id: string): Promise<MeasuredImage> {
  const row = await held(manager, Generation, id, 'generation');
  await requireVisible(manager, actor, row, 'generation');
  const output = await manager.findOneBy(GenerationOutput, { generationId: id, kind: 'FILM', index: 0 });
  if (!output) throw new UserError('NOT_FOUND', 'The generation has made no film; measure its MRI series.');
  const asset = await assetOf(manager, output.assetId, 'generation');
  const { radiographId, uploadId, examId } = row;
  const source =
    radiographId === null
      ? await manager.findOneBy(UploadedRadiograph, { id: uploadId! })
      : await manager.findOneBy(Radiograph, { id: radiographId });
  const { factor = 1 } = row.parameters as { factor?: number };
  const spacing = source?.pixelSpacing ?? null;
  return {
    of: { ...NOBODYS, generationId: id, uploadId },
    sha256: asset.sha256,
    examOf: async () => examId,
    picture: async (plane) =>
      film(
        { columns: output.columns!, rows: output.rows!, pixelSpacing: spacing === null ? null : spacing / factor },
        plane,
      ),
  };
}

async function series(manager: EntityManager, store: BlobStore, actor: Principal, id: number): Promise<MeasuredImage> {
  const row = await held(manager, MriSeries, id, 'MRI series');
  const made = row.generationId === null ? null : await manager.findOneBy(Generation, { id: row.generationId });
  if (made) await requireVisible(manager, actor, made, 'MRI series');
  const asset = await assetOf(manager, row.assetId, 'MRI series');
  return {
    of: { ...NOBODYS, seriesId: id, uploadId: made?.uploadId ?? null },
    sha256: asset.sha256,
    examOf: async () => row.examId,
    async picture(plane) {
      if (plane === null)
        throw new UserError('BAD_USER_INPUT', 'Give the plane and the slice of the MRI series that were measured.');
      return cutAlong(await readStoredHead(store, asset, 'The volume of the MRI series'), plane);
    },
  };
}

function film(
  { columns, rows, pixelSpacing }: { columns: number; rows: number; pixelSpacing: number | null },
  plane: Plane | null,
): Picture {
  if (plane !== null) throw new UserError('BAD_USER_INPUT', 'A film has no plane and no slices; leave both out.');
  return { columns, rows, slices: null, pixel: pixelSpacing === null ? null : [pixelSpacing, pixelSpacing] };
}

/** Films hang with the patient's right on the picture's left; null where points lie on both halves. */
function sideOf(at: readonly number[], columns: number): Side | null {
  const middle = (columns - 1) / 2;
  if (at.every((column) => column < middle)) return 'RIGHT';
  return at.every((column) => column > middle) ? 'LEFT' : null;
}

async function examOnFilm(manager: EntityManager, visitId: number, side: Side | null): Promise<number | null> {
  if (side === null) return null;
  return (await manager.findOneBy(KneeExam, { visitId, side }))?.id ?? null;
}

async function held<Row extends Radiograph | MriSeries | Generation | UploadedRadiograph>(
  manager: EntityManager,
  entity: new () => Row,
  id: number | string,
  what: string,
): Promise<Row> {
  const row = await manager
    .createQueryBuilder(entity, 'held')
    .where('held.id = :id', { id })
    .setLock('for_key_share')
    .getOne();
  if (!row) throw new UserError('NOT_FOUND', `There is no such ${what}.`);
  return row;
}

async function requireVisible(
  manager: EntityManager,
  actor: Principal,
  { uploadId }: Pick<Generation, 'uploadId'>,
  what: string,
): Promise<void> {
  if (uploadId === null) return;
  requireUploadReader(await manager.findOneByOrFail(UploadedRadiograph, { id: uploadId }), actor, what);
}

async function assetOf(manager: EntityManager, id: number | null, what: string): Promise<Asset> {
  const asset = id === null ? null : await manager.findOneBy(Asset, { id });
  if (!asset) throw new UserError('NOT_FOUND', `The ${what} has no pixels here.`);
  return asset;
}
