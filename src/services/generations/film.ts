import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { Side } from '../../domain/participants.js';
import type { FilmView } from '../../domain/uploads.js';
import { type Asset, type Generation, KneeExam, Radiograph, UploadedRadiograph } from '../../entities/index.js';
import { type Film, loadRadiograph } from '../../imaging/radiograph/index.js';
import { type BlobStore, readAsset } from '../../storage/index.js';

/** The stored film of a generation, and which knee of it is meant. */
export interface SourceFilm {
  /** Null where the whole of an uploaded film is meant. */
  side: Side | null;
  asset: Asset | null;
  barcode: string | null;
  pixelSpacing: number | null;
  /** Undefined where the film itself tells. */
  view: FilmView | undefined;
  /** What messages call it. */
  name: string;
}

/** The film that a generation is made from. */
export async function sourceFilm({ manager }: DataSource, generation: Generation): Promise<SourceFilm> {
  const relations = { asset: true } as const;
  if (generation.uploadId !== null) {
    const upload = await manager.findOneOrFail(UploadedRadiograph, { where: { id: generation.uploadId }, relations });
    const { asset, pixelSpacing, view } = upload;
    return { side: generation.side, asset, barcode: null, pixelSpacing, view, name: 'The uploaded radiograph' };
  }
  const { side } = await manager.findOneByOrFail(KneeExam, { id: generation.examId! });
  const id = generation.radiographId!;
  const { asset, barcode, pixelSpacing, visitId } = await manager.findOneOrFail(Radiograph, {
    where: { id },
    relations,
  });
  const view = visitId === null ? undefined : 'BILATERAL';
  return { side, asset, barcode, pixelSpacing, view, name: `Radiograph ${barcode ?? id}` };
}

/** The file of a film that was found. @throws UserError NOT_FOUND when it has no pixels any more; as `readAsset` */
export async function filmFile(
  store: BlobStore,
  { asset, name }: SourceFilm,
): Promise<{ bytes: Buffer; sha256: string }> {
  if (!asset) throw new UserError('NOT_FOUND', `${name} has no pixels any more.`);
  return { bytes: await readAsset(store, asset, name), sha256: asset.sha256 };
}

/** The pixels of a film that was found. @throws UserError as {@link filmFile}; FILE_REFUSED when it cannot be used */
export async function readSourceFilm(store: BlobStore, source: SourceFilm): Promise<{ film: Film; sha256: string }> {
  const { pixelSpacing, name } = source;
  const { bytes, sha256 } = await filmFile(store, source);
  const read = await loadRadiograph({ bytes, name });
  const film = { ...read, pixelSpacing: pixelSpacing ? ([pixelSpacing, pixelSpacing] as const) : read.pixelSpacing };
  return { film, sha256 };
}
