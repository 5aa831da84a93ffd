import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeId, encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import {
  ApiToken,
  Asset,
  AuditEntry,
  Generation,
  GenerationOutput,
  MriSeries,
  UploadedMask,
} from '../../src/entities/index.js';
import { readDicomTexts } from '../../src/imaging/dicom/read.js';
import { readSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { requestInpainting } from '../../src/services/generations/index.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { readAsset } from '../../src/storage/index.js';
import { runCommand } from '../helpers/command.js';
import { upTo } from '../helpers/events.js';
import { bytesOf, madeFromSeries } from '../helpers/made-series.js';
import { type MaskFile, maskFile, uploadMask as uploadVolume } from '../helpers/masks.js';
import { createExam } from '../helpers/platform.js';
import { upload } from '../helpers/radiographs.js';
import { encodePng } from '../../src/imaging/png.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { damage } from '../helpers/work-subjects.js';
import { startWorkerProcess, type WorkerProcess } from '../helpers/worker-process.js';

let api: TestServer;
let worker: WorkerProcess;
let folder: string;
let examId: string;
let series: MriSeries;
let seriesId: string;

beforeAll(async () => {
  api = await startTestServer();
  const models = join(api.dataDir, 'models');
  const bundle = join(packageRoot, 'test/golden/tiny-inpaint-bundle');
  await cp(bundle, join(models, 'tiny-inpaint', '1.0.0'), { recursive: true });
  await registerBundles(api.dataSource, models);
  const { exam } = await createExam(api, { mri: true });
  examId = encodeId('KneeExam', exam.id);
  const { manager } = api.dataSource;
  series = await manager.findOneByOrFail(MriSeries, { examId: exam.id });
  series = await manager.save(Object.assign(series, { rows: 64, columns: 64, sliceCount: 80 }));
  seriesId = encodeId('MriSeries', series.id);
  worker = await startWorkerProcess({ dataDir: api.dataDir, url: api.databaseUrl });
  folder = await mkdtemp(join(tmpdir(), 'osteograph-inpaintings-'));
});

afterAll(async () => {
  await worker.dispose();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const ASK = 'mutation ($input: InpaintSeriesInput!) { inpaintSeries(input: $input) { generation { id } } }';
const BOX = { firstSlice: 3, lastSlice: 4, left: 10, top: 20, columns: 12, rows: 8 };

async function ask(input: object, token = api.tokens.OPERATOR) {
  return api.ask<{ inpaintSeries: { generation: { id: string } } }>(ASK, { input }, token);
}

/** Asks for a series to be filled in and follows it to its end. */
async function inpaint(input: object): ReturnType<typeof madeFromSeries> {
  const { data, errors } = await ask(input);
  expect(errors).toBeUndefined();
  return madeFromSeries(api, data!.inpaintSeries.generation.id);
}

test('lost slices and boxes are filled in, all else stays, as NIfTI and DICOM of the same values at the same places', async () => {
  const { made, events } = await inpaint({ seriesId, slices: [40, 12, 40], boxes: [BOX] });

  const asset = await api.dataSource.manager.findOneByOrFail(Asset, { id: series.assetId! });
  expect(made).toMatchObject({
    ...{ state: 'SUCCEEDED', error: null, task: 'MRI_INPAINTING', side: 'RIGHT', steps: 1, seed: null },
    ...{ exam: { id: examId }, radiograph: null, sourceSeries: { id: seriesId }, mriSeries: null, device: 'cpu' },
    parameters: { slices: [12, 40], boxes: [BOX], steps: 1 },
    provenance: {
      ...{ synthetic: true, task: 'mri-inpainting', bundle: { name: 'tiny-inpaint', version: '1.0.0' } },
      ...{ series: { sha256: asset.sha256 }, slices: [12, 40], boxes: [BOX] },
    },
    outputs: [
      { kind: 'DICOM', rows: 64, columns: 64, file: { mediaType: 'application/zip' } },
      { kind: 'VOLUME', rows: 64, columns: 64, file: { mediaType: 'application/gzip' } },
    ],
    // Two lost slices, and two with the box.
    denoiserEvaluations: 4,
  });
  const slices = events.filter(({ __typename }) => __typename === 'GenerationTileCompleted');
  expect(slices.map(({ index }) => index)).toEqual(upTo(80).map((place) => place - 1));
  expect(slices.at(-1)).toMatchObject({ total: 80, fraction: 1 });

  const given = (await decodeNifti(await readAsset(api.store, asset, 'The series'))).volume;
  const { volume, description } = await decodeNifti(await bytesOf(api, made, 'VOLUME'));
  expect(description).toContain('SYNTHETIC, filled in by tiny-inpaint 1.0.0');
  expect(volume.affine).toEqual(given.affine);
  const changed = new Set<number>();
  volume.data.forEach((value, voxel) => value !== given.data[voxel] && changed.add(Math.floor(voxel / 4096)));
  expect([...changed]).toEqual([3, 4, 12, 40]);
  const inBox = (voxel: number) => {
    const [row, column] = [Math.floor(voxel / 64) % 64, voxel % 64];
    return row >= 20 && row < 28 && column >= 10 && column < 22;
  };
  for (let voxel = 3 * 4096; voxel < 5 * 4096; voxel++) {
    if (!inBox(voxel)) expect(volume.data[voxel]).toBe(given.data[voxel]);
  }
  await writeFile(join(folder, 'dicom.zip'), await bytesOf(api, made, 'DICOM'));
  execFileSync('python3', ['-m', 'zipfile', '-e', 'dicom.zip', 'dicom'], { cwd: folder });
  const [read] = (await scanSeries(join(folder, 'dicom'))).series;
  const dicom = await readSeries(read!);
  expect([...dicom.data]).toEqual([...volume.data]);
  const texts = await readDicomTexts(join(folder, 'dicom', '001.dcm'), { id: 'x00100020', synthetic: 'x0008001c' });
  expect(texts).toEqual({ id: expect.stringMatching(/^1\d{6}$/), synthetic: 'YES' });
});

/** Uploads a mask that hides rows 20 to 27 of columns 10 to 21. */
async function uploadMask(rows: number, columns: number, token = api.tokens.OPERATOR): Promise<string> {
  const data = new Uint8Array(rows * columns);
  for (let row = 20; row < 28; row++) data.fill(255, row * columns + 10, row * columns + 22);
  const { status, body } = await upload(api.url, token, encodePng({ rows, columns, data }));
  // 200 where the same pixels are kept already.
  expect([200, 201]).toContain(status);
  return body.id;
}

test('what an uploaded mask hides of some slices is what a box there hides, and the mask stays with the result', async () => {
  const mask = { maskUploadId: await uploadMask(64, 64), firstSlice: 3, lastSlice: 4 };
  const { made } = await inpaint({ seriesId, masks: [mask] });
  const { made: boxed } = await inpaint({ seriesId, boxes: [BOX] });

  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  expect(made).toMatchObject({
    ...{ state: 'SUCCEEDED', error: null, denoiserEvaluations: 2 },
    parameters: { slices: [], boxes: [], masks: [{ firstSlice: 3, lastSlice: 4, sha256 }] },
    provenance: { masks: [{ firstSlice: 3, lastSlice: 4, sha256 }] },
    outputs: [{ kind: 'DICOM' }, { kind: 'MASK', rows: 64, columns: 64 }, { kind: 'VOLUME' }],
  });
  const voxels = async (found: typeof made) => [
    ...(await decodeNifti(await bytesOf(api, found, 'VOLUME'))).volume.data,
  ];
  expect(await voxels(made)).toEqual(await voxels(boxed));
});

/** A mask on the grid of the series: an edge beyond the field of view in three slices, and a slice that is lost. */
const ON_GRID: MaskFile = {
  size: [64, 64, 80],
  // What centredAffine gives a coronal series of 2.5 x 2.5 x 1.5 mm.
  affine: [-2.5, 0, 0, 78.75, 0, 0, 1.5, -59.25, 0, -2.5, 0, 78.75],
  hidden: (column, row, slice) => slice === 40 || (slice > 9 && slice < 13 && column + row < 30),
};

/** The same places in a file whose rows and slices run the other way, as other programs write it. */
const FLIPPED: MaskFile = {
  ...ON_GRID,
  affine: [-2.5, 0, 0, 78.75, 0, 0, -1.5, 59.25, 0, 2.5, 0, -78.75],
  hidden: (column, row, slice) => ON_GRID.hidden(column, 63 - row, 79 - slice),
};

/** Uploads a mask on the grid of the series. @returns its id */
async function sendVolume(mask: MaskFile, token = api.tokens.OPERATOR): Promise<string> {
  const { status, body } = await uploadVolume(api.url, token, maskFile(mask));
  expect([200, 201]).toContain(status);
  return body.id;
}

describe('a volume that was uploaded as a mask', () => {
  test('gives voxel by voxel what the command makes of the same file, and stays with the result when the upload goes', async () => {
    const maskUploadId = await sendVolume(FLIPPED);
    const { made } = await inpaint({ seriesId, maskUploadId });

    const { manager } = api.dataSource;
    const asset = await manager.findOneByOrFail(Asset, { id: series.assetId! });
    const path = (name: string) => join(folder, name);
    await writeFile(path('taken.nii.gz'), await readAsset(api.store, asset, 'The series'));
    await writeFile(path('mask.nii.gz'), maskFile(FLIPPED));
    const bundle = join(packageRoot, 'test/golden/tiny-inpaint-bundle');
    const asked = ['inpaint', path('taken.nii.gz'), '--mask', path('mask.nii.gz'), '--out', path('filled')];
    const { code, stderr } = await runCommand([...asked, '--bundle', bundle, '--device', 'cpu']);
    expect([code, stderr]).toEqual([0, '']);
    const { volume: commanded } = await decodeNifti(await readFile(path('filled/inpainted.nii.gz')));
    const { volume } = await decodeNifti(await bytesOf(api, made, 'VOLUME'));
    expect(Buffer.from(volume.data.buffer).equals(Buffer.from(commanded.data.buffer))).toBe(true);
    const taken = (await decodeNifti(await readFile(path('taken.nii.gz')))).volume;
    const changed = new Set<number>();
    volume.data.forEach((value, voxel) => value !== taken.data[voxel] && changed.add(Math.floor(voxel / 4096)));
    expect([...changed]).toEqual([10, 11, 12, 40]);

    const kept = await manager.findOneOrFail(GenerationOutput, {
      where: { generationId: decodeId(made.id)!.key as string, kind: 'MASK' },
      relations: { asset: true },
    });
    const { sha256 } = kept.asset;
    expect(made).toMatchObject({
      ...{ state: 'SUCCEEDED', error: null, denoiserEvaluations: 4 },
      parameters: { slices: [], boxes: [], mask: { sha256 } },
      provenance: { mask: { sha256 } },
      outputs: [
        { kind: 'DICOM' },
        { kind: 'MASK', rows: 64, columns: 64, file: { mediaType: 'application/gzip' } },
        { kind: 'VOLUME' },
      ],
    });

    const gone = 'mutation ($id: ID!) { deleteUploadedMask(input: { id: $id }) { deletedUploadedMaskId } }';
    expect((await api.ask(gone, { id: maskUploadId }, api.tokens.OPERATOR)).errors).toBeUndefined();
    expect((await bytesOf(api, made, 'MASK')).length).toBeGreaterThan(100);
  });

  test('hides what it hides beside slices, boxes and images', async () => {
    const mask = { maskUploadId: await uploadMask(64, 64), firstSlice: 3, lastSlice: 4 };
    const { made } = await inpaint({ seriesId, slices: [60], masks: [mask], maskUploadId: await sendVolume(ON_GRID) });

    expect(made).toMatchObject({ state: 'SUCCEEDED', error: null, denoiserEvaluations: 7 });
    expect(made.outputs.map(({ kind }) => kind)).toEqual(['DICOM', 'MASK', 'MASK', 'VOLUME']);
  });

  test('is still there for a worker that takes over from one that was killed, also when the upload has expired', async () => {
    const maskUploadId = await sendVolume({ ...ON_GRID, hidden: (column, _row, slice) => slice > 4 && column < 20 });
    const { data } = await ask({ seriesId, maskUploadId });
    const { id } = data!.inpaintSeries.generation;
    const { manager } = api.dataSource;
    const query = `subscription ($id: ID!) { generationProgress(id: $id) { __typename } }`;
    for await (const event of api.socketClient(api.tokens.OPERATOR).iterate({ query, variables: { id } })) {
      const { generationProgress } = event.data as unknown as { generationProgress: { __typename: string } };
      if (generationProgress.__typename === 'GenerationTileCompleted') break;
    }
    worker.kill('SIGKILL');
    await worker.ended();
    await manager.query(`DELETE FROM uploaded_mask`);

    worker = await startWorkerProcess({ dataDir: api.dataDir, url: api.databaseUrl });
    const { made } = await madeFromSeries(api, id);

    expect(made).toMatchObject({ state: 'SUCCEEDED', error: null });
    const { attempt } = await manager.findOneByOrFail(Generation, { id: decodeId(id)!.key as string });
    expect(attempt).toBe(2);
  });

  test('is compared with the series before any transaction is begun, and with a key that is known need not be there', async () => {
    const maskUploadId = await sendVolume({ ...ON_GRID, hidden: (_column, _row, slice) => slice === 70 });
    const { dataSource, store } = api;
    const held: unknown[] = [];
    const open: typeof store.open = async (...given) => {
      held.push(
        ...(await dataSource.query<unknown[]>(
          `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
             AND query NOT LIKE '%api_token%'`,
        )),
      );
      return store.open(...given);
    };
    const watched = new Proxy(store, {
      get: (of, name) => (name === 'open' ? open : Reflect.get(of, name)) as unknown,
    });
    const { id: tokenId } = await dataSource.getRepository(ApiToken).findOneByOrFail({ name: 'operator' });
    const request = { seriesId: series.id, maskUploadId: decodeId(maskUploadId)!.key as string, clientKey: 'compared' };
    const services = { dataSource, store: watched, queue: { enqueue: () => Promise.resolve() } };

    const { id } = await requestInpainting(services, { tokenId }, request);
    expect(held).toEqual([]);
    await dataSource.query('DELETE FROM uploaded_mask WHERE id = $1', [request.maskUploadId]);
    expect((await requestInpainting(services, { tokenId }, request)).id).toBe(id);
    await expect(requestInpainting(services, { tokenId }, { ...request, clientKey: 'gone' })).rejects.toThrow(
      'There is no such uploaded mask.',
    );
  });

  test('that is damaged in the store is said to be', async () => {
    const maskUploadId = await sendVolume({ ...ON_GRID, hidden: (_column, _row, slice) => slice === 71 });
    const { asset } = await api.dataSource.getRepository(UploadedMask).findOneOrFail({
      where: { id: decodeId(maskUploadId)!.key as string },
      relations: { asset: true },
    });
    await damage(api, asset);

    const { errors } = await ask({ seriesId, maskUploadId });
    expect(errors).toMatchObject([
      { message: 'The mask is damaged in the blob store.', extensions: { code: 'UNAVAILABLE' } },
    ]);
  });

  test('that leaves nothing to fill a slice in from fails with a sentence that counts slices as the request does', async () => {
    const maskUploadId = await sendVolume({ ...ON_GRID, hidden: (_column, _row, slice) => slice > 19 && slice < 25 });
    const { made } = await inpaint({ seriesId, maskUploadId });
    expect(made).toMatchObject({ state: 'FAILED', error: expect.stringContaining('slice 22 in from') as string });
  });
});

test('steps are as many as were asked for, and a client key means one request', async () => {
  const input = { seriesId, slices: [7], steps: 4, clientKey: 'figure 11' };
  const { made } = await inpaint(input);
  const again = await ask(input);
  const other = await ask({ ...input, slices: [8] });

  expect(made).toMatchObject({ steps: 4, denoiserEvaluations: 4 });
  expect(again.data!.inpaintSeries.generation.id).toBe(made.id);
  expect(other.errors![0]!.extensions).toMatchObject({ code: 'CONFLICT' });
});

/** 3 mm to the side: more than a voxel. */
const SHIFTED = [-2.5, 0, 0, 81.75, 0, 0, 1.5, -59.25, 0, -2.5, 0, 78.75];

describe('refused in one sentence, with nothing stored, is', () => {
  test.each<[string, () => object | Promise<object>, string]>([
    ['no place', () => ({ seriesId }), 'Nothing is hidden: give slices, boxes, masks or maskUploadId.'],
    [
      'a mask of another size',
      async () => ({ seriesId, masks: [{ maskUploadId: await uploadMask(64, 70), firstSlice: 3, lastSlice: 4 }] }),
      'The mask is 70 x 64 pixels and a slice 64 x 64; they must be of one size.',
    ],
    [
      'a mask of slices beyond the last',
      async () => ({ seriesId, masks: [{ maskUploadId: await uploadMask(64, 64), firstSlice: 3, lastSlice: 80 }] }),
      'Mask 0 hides slices 3 to 80 of a series whose slices are 0 to 79.',
    ],
    [
      'a volume of another size',
      async () => ({ seriesId, maskUploadId: await sendVolume({ ...ON_GRID, size: [64, 64, 79] }) }),
      'The mask is 64 x 64 x 79 voxels and the series 64 x 64 x 80; they must be of one size.',
    ],
    [
      'a volume that lies elsewhere',
      async () => ({ seriesId, maskUploadId: await sendVolume({ ...ON_GRID, affine: SHIFTED }) }),
      'The mask lies elsewhere than the series: their affines do not put the same voxels at the same places.',
    ],
    [
      "somebody else's volume",
      async () => ({ seriesId, maskUploadId: await sendVolume(ON_GRID, api.tokens.ADMIN) }),
      'There is no such uploaded mask.',
    ],
    [
      'a volume that is not there',
      () => ({ seriesId, maskUploadId: encodeId('UploadedMask', '00000000-0000-4000-8000-000000000000') }),
      'There is no such uploaded mask.',
    ],
    [
      'an image in the place of a volume',
      async () => ({ seriesId, maskUploadId: await uploadMask(64, 64) }),
      'maskUploadId must be the id of an UploadedMask.',
    ],
    [
      "somebody else's mask",
      async () => ({
        seriesId,
        masks: [{ maskUploadId: await uploadMask(64, 72, api.tokens.ADMIN), firstSlice: 3, lastSlice: 4 }],
      }),
      'There is no such uploaded mask.',
    ],
    [
      'a slice beyond the last',
      () => ({ seriesId, slices: [80] }),
      'Slice 80 is not in the series, whose slices are 0 to 79.',
    ],
    [
      'a box beyond the edge',
      () => ({ seriesId, boxes: [{ ...BOX, left: 60 }] }),
      'Box 0 does not lie in the series, which has 64 x 64 x 80 voxels.',
    ],
    [
      'slices in a row of which none can be filled in from another',
      () => ({ seriesId, slices: [10, 11, 12, 13, 14] }),
      'Nothing is left to fill slice 12 in from: it is hidden whole, and so are those up to 2 away on either side.',
    ],
    [
      'the same where boxes hide some of them',
      () => ({
        seriesId,
        slices: [0],
        boxes: [
          { firstSlice: 1, lastSlice: 2, left: 0, top: 0, columns: 40, rows: 64 },
          { firstSlice: 1, lastSlice: 2, left: 40, top: 0, columns: 24, rows: 64 },
        ],
      }),
      'Nothing is left to fill slice 0 in from: it is hidden whole, and so are those up to 2 away on either side.',
    ],
    [
      'a number of steps',
      () => ({ seriesId, slices: [1], steps: 3 }),
      'steps is 3; tiny-inpaint works in 1, 2, 4 steps.',
    ],
    [
      'a knee in the place of a series',
      () => ({ seriesId: examId, slices: [1] }),
      'seriesId must be the id of a MriSeries.',
    ],
    [
      'a series that is not there',
      () => ({ seriesId: encodeId('MriSeries', 999_999), slices: [1] }),
      'There is no such MRI series of an exam.',
    ],
    [
      'a bundle that is not there',
      () => ({ seriesId, slices: [1], bundle: 'other' }),
      'There is no bundle other; ready: tiny-inpaint@1.0.0.',
    ],
  ])('%s', async (_, input, message) => {
    const count = () =>
      Promise.all(
        [Generation, GenerationOutput, AuditEntry].map((entity) =>
          api.dataSource.manager.count(entity as typeof Generation),
        ),
      );
    const asked = await input();
    const before = await count();
    const { errors } = await ask(asked);
    expect(errors).toHaveLength(1);
    expect(errors![0]!.message).toBe(message);
    expect(await count()).toEqual(before);
  });

  test('a series without pixels', async () => {
    const { manager } = api.dataSource;
    const bare = await manager.save(
      manager.create(MriSeries, { examId: series.examId, sequence: 'SAG_IW', provenance: 'PHANTOM' }),
    );
    const { errors } = await ask({ seriesId: encodeId('MriSeries', bare.id), slices: [1] });
    expect(errors![0]!.message).toBe('The series has no pixels here; import its images first.');
  });
});

test('slices that are lost with all that surround them, in a series of unknown size, fail with a sentence, and no image', async () => {
  const sizeIs = (sliceCount: number | null) =>
    api.dataSource.manager.update(MriSeries, { id: series.id }, { sliceCount });
  await sizeIs(null);
  const { made } = await inpaint({ seriesId, slices: [10, 11, 12, 13, 14] }).finally(() => sizeIs(80));
  expect(made).toMatchObject({ state: 'FAILED', outputs: [] });
  expect(made.error).toContain('leaves nothing to fill slice 12 in from');
});

test('a mask that hides slices whole with all that surround them fails with a sentence that counts slices as the request does', async () => {
  // Nowhere black, and no picture of one value, which no door takes.
  const data = Uint8Array.from({ length: 64 * 64 }, (_, pixel) => 100 + (pixel % 100));
  const { status, body } = await upload(api.url, api.tokens.OPERATOR, encodePng({ rows: 64, columns: 64, data }));
  expect(status).toBe(201);
  const { made } = await inpaint({ seriesId, masks: [{ maskUploadId: body.id, firstSlice: 20, lastSlice: 24 }] });
  expect(made).toMatchObject({ state: 'FAILED', error: expect.stringContaining('slice 22 in from') as string });
  expect(made.outputs.map(({ kind }) => kind)).toEqual(['MASK']);
});

test('places beyond a series whose size was not known fail with a sentence', async () => {
  const { manager } = api.dataSource;
  const { examId, assetId } = series;
  const old = await manager.save(
    manager.create(MriSeries, { examId, assetId, sequence: 'OLD', provenance: 'PHANTOM' }),
  );
  const { made } = await inpaint({ seriesId: encodeId('MriSeries', old.id), slices: [80] });
  expect(made).toMatchObject({ state: 'FAILED', outputs: [] });
  expect(made.error).toContain('Slice 80 is not in the series, whose slices are 0 to 79.');
});

test('readers may look and not ask', async () => {
  const { errors } = await ask({ seriesId, slices: [1] }, api.tokens.READER);
  expect(errors![0]!.extensions).toMatchObject({ code: 'FORBIDDEN' });
});
