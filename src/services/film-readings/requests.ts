import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import { Asset, type Bundle, Radiograph, RadiographReading, UploadedRadiograph } from '../../entities/index.js';
import type { Principal } from '../../policy/index.js';
import { type BlobStore, readAsset } from '../../storage/index.js';
import { audit } from '../access/index.js';
import { chooseReadyBundle } from '../bundles/index.js';
import { checkTarget, type GenerationTarget, newestKneeDetector, resolveTarget } from '../generations/index.js';
import type { KneeReader } from './reader.js';
import type { ReadingWork } from './reading-thread.js';

/** A wish for one reading. */
export interface ReadingRequest {
  examId?: number | null | undefined;
  radiographId?: number | null | undefined;
  uploadId?: string | null | undefined;
  side?: Side | null | undefined;
  box?: SquareBox | null | undefined;
  /** `name` or `name@version`; default: the newest grader that is READY. */
  bundle?: string | null | undefined;
}

/** Reads radiographs and keeps what was read. */
export interface FilmReadings {
  /**
   * The reading of one knee. One that was made before of the same pixels by the same bundle is given again.
   *
   * @throws UserError as `resolveTarget` and `KneeReader.read`
   */
  read(actor: Pick<Principal, 'tokenId'>, request: ReadingRequest): Promise<RadiographReading>;
}

export function openFilmReadings(dataSource: DataSource, store: BlobStore, reader: KneeReader): FilmReadings {
  return { read: (actor, request) => readRadiograph({ dataSource, store, reader }, actor, request) };
}

async function readRadiograph(
  { dataSource, store, reader }: { dataSource: DataSource; store: BlobStore; reader: KneeReader },
  { tokenId }: Pick<Principal, 'tokenId'>,
  request: ReadingRequest,
): Promise<RadiographReading> {
  checkTarget(request);
  const start = performance.now();
  const { manager } = dataSource;
  const target = await dataSource.transaction((within) => resolveTarget(within, tokenId, request));
  const bundle = await chooseReadyBundle(manager, request.bundle, 'radiograph-reading');
  const asset = await manager.findOneByOrFail(Asset, { id: target.assetId });
  const key = { ...target.columns, side: target.knee, bundleId: bundle.id, filmSha256: asset.sha256 };
  const known = await findKnown(manager, key, request.box ?? null);
  if (known) return known;
  const work = await workOf(manager, store, target, asset, bundle);
  const { side, box, ...found } = await reader.read(work);
  const id = randomUUID();
  return dataSource.transaction(async (within) => {
    // What was read may have been removed meanwhile; what is locked now cannot be.
    await resolveTarget(within, tokenId, request);
    const { unreadable, probabilities, expectedKl, distance, medial, lateral } = found;
    const durationMs = Math.round(performance.now() - start);
    const read = { unreadable, probabilities, expectedKl, distance, medial, lateral, durationMs };
    const origin = { ...key, side, box: box!, boxGiven: request.box != null, requestedById: tokenId };
    await within.insert(RadiographReading, { id, ...origin, ...read } as object);
    await audit(within, { tokenId, action: 'readRadiograph', target: id, detail: { ...request } });
    return within.findOneByOrFail(RadiographReading, { id });
  });
}

async function findKnown(
  manager: EntityManager,
  key: Pick<RadiographReading, 'examId' | 'radiographId' | 'uploadId' | 'side' | 'bundleId' | 'filmSha256'>,
  box: SquareBox | null,
): Promise<RadiographReading | undefined> {
  const { side, bundleId, filmSha256, examId, uploadId } = key;
  const of = uploadId === null ? { examId: examId! } : { uploadId };
  const rows = await manager.find(RadiographReading, {
    where: { ...of, side, bundleId, filmSha256, boxGiven: box !== null },
    order: { createdAt: 'DESC' },
  });
  return rows.find((row) => box === null || sameBox(row.box, box));
}

function sameBox(a: SquareBox, b: SquareBox): boolean {
  return a.left === b.left && a.top === b.top && a.side === b.side;
}

async function workOf(
  manager: EntityManager,
  store: BlobStore,
  { columns, knee, box }: GenerationTarget,
  asset: Asset,
  grader: Bundle,
): Promise<ReadingWork> {
  const { radiographId, uploadId } = columns;
  const upload = uploadId === null ? null : await manager.findOneBy(UploadedRadiograph, { id: uploadId });
  const radiograph = radiographId === null ? null : await manager.findOneBy(Radiograph, { id: radiographId });
  if (!upload && !radiograph) throw new UserError('NOT_FOUND', 'There is no such radiograph.');
  const name = upload ? 'The uploaded radiograph' : `Radiograph ${radiograph!.barcode ?? radiograph!.id}`;
  const ofVisit = radiograph !== null && radiograph.visitId !== null;
  // A square that is known needs no knee detector.
  const kneeDetector = box === null ? (await newestKneeDetector(manager))?.directory : undefined;
  return {
    bytes: await readAsset(store, asset, name),
    name,
    pixelSpacing: (upload ?? radiograph)!.pixelSpacing,
    view: upload ? upload.view : ofVisit ? 'BILATERAL' : undefined,
    side: knee,
    box,
    grader: { directory: grader.directory, sha256: grader.sha256, name: `${grader.name} ${grader.version}` },
    kneeDetector,
  };
}
