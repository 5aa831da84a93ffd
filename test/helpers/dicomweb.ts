import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'typeorm';
import { packageRoot } from '../../src/domain/package.js';
import { type Generation, GenerationOutput, type KneeExam, Radiograph } from '../../src/entities/index.js';
import { encodeDicom } from '../../src/imaging/dicom/write.js';
import { deidentifyDicom } from '../../src/imaging/deidentification/index.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { encodeRestoredFilm } from '../../src/imaging/restoration/index.js';
import { centredAffine } from '../../src/imaging/volume.js';
import { keepOriginal } from '../../src/services/files/index.js';
import { addImages } from '../../src/services/imports/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { filmFile, ReleaseFolder, sliceFile } from './oai-files.js';
import { startTestServer, type TestServer } from './server.js';

/** A data set in the DICOM JSON Model. */
export type Json = Record<
  string,
  { vr: string; Value?: unknown[]; BulkDataURI?: string; InlineBinary?: string } | undefined
>;

/** A server whose platform holds images of each kind, and how to ask it. */
export interface DicomwebServer extends TestServer {
  files: ReleaseFolder;
  /** Asks below /dicomweb, as READER unless a token is given. */
  get(path: string, accept?: string, token?: string): Promise<Response>;
  /** The answers of a search; none where nothing is found. */
  search(path: string, token?: string): Promise<Json[]>;
  /** An exam of participant 9000001, with a film of both knees and a series of three slices of the right one; both kept as they came. */
  exam: KneeExam;
}

/** The first value of an attribute. */
export function valueOf(json: Json | undefined, tag: string): unknown {
  return json?.[tag]?.Value?.[0];
}

/** @param logger told every statement */
export async function startDicomwebServer(logger?: Logger): Promise<DicomwebServer> {
  const api = await startTestServer({ logger });
  const files = await ReleaseFolder.make();
  const get = (path: string, accept?: string, token = api.tokens.READER) =>
    fetch(`${api.url}/dicomweb${path}`, {
      headers: { authorization: `Bearer ${token}`, ...(accept === undefined ? {} : { accept }) },
    });
  const to = { oaiId: '9000001', visit: 'V00' } as const;
  const options = { store: api.store, create: true };
  await addImages(api.dataSource, await files.write('film.dcm', filmFile('', '1')), to, options);
  for (const slice of [0, 1, 2]) await files.write(`scan/${slice}`, sliceFile('', 'scan', slice));
  await addImages(api.dataSource, join(files.path, 'scan'), { ...to, side: 'RIGHT' }, options);
  const [exam] = await api.dataSource.query<KneeExam[]>(`SELECT id FROM knee_exam WHERE side = 'RIGHT'`);
  return {
    ...api,
    files,
    get,
    async search(path, token) {
      const response = await get(path, 'application/dicom+json', token);
      if (response.status === 204) return [];
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as Json[];
    },
    exam: exam!,
    async close() {
      await files.remove();
      await api.close();
    },
  };
}

/** Gives an exam a film that was kept as one of test/golden/dicom. @returns its path below /dicomweb */
export async function keepGolden(api: DicomwebServer, name: string): Promise<string> {
  const bytes = await readFile(join(packageRoot, 'test/golden/dicom', name));
  const subject = { pseudonym: '9000001', daysBack: 40, uidKey: Buffer.from(name), synthetic: false, redact: [] };
  const object = await deidentifyDicom({ bytes, name }, subject);
  const film = await api.make.radiograph(api.exam, { provenance: 'REAL', sponsor: null });
  const { manager } = api.dataSource;
  await keepOriginal(manager, api.store, { radiographId: film.id }, one(object.bytes!, object.report.sopInstanceUid!));
  const [found] = await api.search(`/instances?SOPInstanceUID=${object.report.sopInstanceUid}`);
  return [
    `/studies/${String(valueOf(found, '0020000D'))}`,
    `series/${String(valueOf(found, '0020000E'))}`,
    `instances/${object.report.sopInstanceUid}`,
  ].join('/');
}

async function* one(bytes: Uint8Array, sopInstanceUid: string) {
  yield { bytes, sopInstanceUid };
}

/** A volume of two slices that a bundle has generated from the film of the exam. */
export async function makeGenerated(
  api: Pick<DicomwebServer, 'make' | 'dataSource' | 'store' | 'exam'>,
  values: Partial<Generation> = {},
): Promise<Generation> {
  const { make, dataSource, store, exam } = api;
  const film = await dataSource.getRepository(Radiograph).findOneOrFail({ where: {}, order: { id: 'ASC' } });
  const spacing = [0.625, 0.625, 1.5] as const;
  const data = Uint16Array.from({ length: 6 * 5 * 2 }, (_, index) => index * 1_000);
  const affine = centredAffine('CORONAL', [6, 5, 2], spacing);
  const nifti = await encodeNifti(
    { columns: 6, rows: 5, slices: 2, data, spacing, affine, placement: 'SCANNER' },
    'test',
  );
  const asset = await storeAsset(dataSource.manager, store, nifti, 'application/gzip');
  const bundle = await make.bundle({ name: 'knee-bundle', version: '2.0.0' }).catch(() => make.bundle());
  const generation = await make.generation(exam, film, bundle, { state: 'SUCCEEDED', seed: 3, ...values });
  await make.series(exam, {
    ...{ sequence: 'SYNTHETIC_COR_T1_3D_FLASH_RIGHT', sliceCount: 2, assetId: asset.id, generationId: generation.id },
    ...(values.uploadId ? { examId: null } : {}),
  });
  return generation;
}

/** A small film of a study, as an import keeps it. */
export function filmInStudy(
  studyUid: string,
  synthetic: 'YES' | 'NO' = 'NO',
): { bytes: Uint8Array; sopInstanceUid: string } {
  const sopInstanceUid = `${studyUid}.1`;
  const bytes = encodeDicom({
    ...{ pixels: new Uint16Array(4), rows: 2, columns: 2, photometric: 'MONOCHROME2', bitsStored: 12 },
    ...{ sopClass: 'CR', sopInstanceUid },
    elements: {
      ...{ StudyInstanceUID: studyUid, SeriesInstanceUID: `${studyUid}.2`, Modality: 'CR', SyntheticData: synthetic },
      ...{ PatientID: '9000001', PatientName: '9000001', StudyDate: '20040101' },
    },
  });
  return { bytes, sopInstanceUid };
}

/** A film that a bundle has restored from that of the exam. */
export async function makeRestored(api: DicomwebServer): Promise<Generation> {
  const { make, dataSource, store, exam } = api;
  const film = await dataSource.getRepository(Radiograph).findOneOrFail({ where: {}, order: { id: 'ASC' } });
  const bundle = await make.bundle({ task: 'image-restoration' });
  const none = { sliceCount: null, sampler: null, seed: null, noise: null } as const;
  const task = 'image-restoration';
  const generation = await make.generation(exam, film, bundle, { ...none, task, state: 'SUCCEEDED' });
  const bytes = encodeRestoredFilm(
    { rows: 4, columns: 4, pixelSpacing: [0.2, 0.2], attributes: null },
    { rows: 4, columns: 4, data: Uint16Array.from({ length: 16 }, (_, index) => index) },
    {
      ...{ bundle, derivation: 'noise taken off', createdAt: generation.createdAt },
      identity: ['generation', generation.id],
      sourceImage: { sopClassUid: film.sopClassUid!, sopInstanceUid: film.sopInstanceUid! },
    },
  );
  const asset = await storeAsset(dataSource.manager, store, bytes, 'application/dicom');
  const file = { generationId: generation.id, kind: 'DICOM', rows: 4, columns: 4, assetId: asset.id } as const;
  await dataSource.getRepository(GenerationOutput).insert(file);
  return generation;
}

/** The parts of a multipart answer: what their heads say, and their bytes. */
export async function partsOf(response: Response): Promise<{ head: string; bytes: Buffer }[]> {
  const boundary = /boundary=([^;]+)/.exec(response.headers.get('content-type') ?? '')![1]!;
  const body = Buffer.from(await response.arrayBuffer());
  const parts: { head: string; bytes: Buffer }[] = [];
  const mark = Buffer.from(`--${boundary}`);
  for (let at = body.indexOf(mark); ;) {
    const from = at + mark.length;
    if (body.toString('latin1', from, from + 2) === '--') return parts;
    const next = body.indexOf(mark, from);
    const part = body.subarray(from + 2, next - 2);
    const end = part.indexOf('\r\n\r\n');
    parts.push({ head: part.toString('latin1', 0, end), bytes: part.subarray(end + 4) });
    at = next;
  }
}
