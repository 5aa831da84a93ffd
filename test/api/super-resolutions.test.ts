import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { packageRoot } from '../../src/domain/package.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { Asset, AuditEntry, Generation, GenerationOutput, MriSeries } from '../../src/entities/index.js';
import { readSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import { readDicomTexts } from '../../src/imaging/dicom/read.js';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { readAsset } from '../../src/storage/index.js';
import { runCommand } from '../helpers/command.js';
import { upTo } from '../helpers/events.js';
import { bytesOf, madeFromSeries } from '../helpers/made-series.js';
import { createExam } from '../helpers/platform.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
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
  const bundle = join(packageRoot, 'test/golden/tiny-superres-bundle');
  await cp(bundle, join(models, 'tiny-superres', '1.0.0'), { recursive: true });
  await registerBundles(api.dataSource, models);
  const { exam } = await createExam(api, { mri: true });
  examId = encodeId('KneeExam', exam.id);
  series = await api.dataSource.manager.findOneByOrFail(MriSeries, { examId: exam.id });
  seriesId = encodeId('MriSeries', series.id);
  worker = await startWorkerProcess({ dataDir: api.dataDir, url: api.databaseUrl });
  folder = await mkdtemp(join(tmpdir(), 'osteograph-super-resolutions-'));
});

afterAll(async () => {
  await worker.dispose();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const ASK = 'mutation ($input: SuperResolveSeriesInput!) { superResolveSeries(input: $input) { generation { id } } }';

async function ask(input: object, token = api.tokens.OPERATOR) {
  return api.ask<{ superResolveSeries: { generation: { id: string } } }>(ASK, { input }, token);
}

/** Asks for a finer series and follows it to its end. */
async function superResolve(input: object): ReturnType<typeof madeFromSeries> {
  const { data, errors } = await ask(input);
  expect(errors).toBeUndefined();
  return madeFromSeries(api, data!.superResolveSeries.generation.id);
}

test('a series comes back finer, slice by slice, as NIfTI and DICOM of the same values at the same places', async () => {
  const { made, events } = await superResolve({ seriesId, scale: 2 });

  const asset = await api.dataSource.manager.findOneByOrFail(Asset, { id: series.assetId! });
  expect(made).toMatchObject({
    ...{ state: 'SUCCEEDED', error: null, task: 'MRI_SUPER_RESOLUTION', side: 'RIGHT', steps: 1, seed: null },
    ...{ exam: { id: examId }, radiograph: null, sourceSeries: { id: seriesId }, mriSeries: null, device: 'cpu' },
    parameters: { scale: 2, network: 'student', bias: false, steps: 1 },
    provenance: {
      ...{ synthetic: true, task: 'mri-super-resolution', bundle: { name: 'tiny-superres', version: '1.0.0' } },
      ...{ series: { sha256: asset.sha256 }, scale: 2, network: 'student' },
    },
    outputs: [
      { kind: 'DICOM', rows: 128, columns: 128, file: { mediaType: 'application/zip' } },
      { kind: 'VOLUME', rows: 128, columns: 128, file: { mediaType: 'application/gzip' } },
    ],
    denoiserEvaluations: 80,
  });

  expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
  const slices = events.filter(({ __typename }) => __typename === 'GenerationTileCompleted');
  expect(slices.map(({ index }) => index)).toEqual(upTo(80).map((place) => place - 1));
  expect(slices.at(-1)).toMatchObject({ total: 80, fraction: 1 });

  const nifti = await bytesOf(api, made, 'VOLUME');
  const { volume, description } = await decodeNifti(nifti);
  expect(description).toContain('SYNTHETIC, super-resolved by tiny-superres 1.0.0');
  expect([volume.columns, volume.rows, volume.slices]).toEqual([128, 128, 80]);
  await writeFile(join(folder, 'dicom.zip'), await bytesOf(api, made, 'DICOM'));
  execFileSync('python3', ['-m', 'zipfile', '-e', 'dicom.zip', 'dicom'], { cwd: folder });
  const [read] = (await scanSeries(join(folder, 'dicom'))).series;
  const dicom = await readSeries(read!);
  expect([...dicom.data]).toEqual([...volume.data]);
  dicom.affine.forEach((value, place) => expect(value).toBeCloseTo(volume.affine[place]!, 3));
  const texts = await readDicomTexts(join(folder, 'dicom', '001.dcm'), { id: 'x00100020', synthetic: 'x0008001c' });
  expect(texts).toEqual({ id: expect.stringMatching(/^1\d{6}$/), synthetic: 'YES' });
});

describe('a series of twice as many slices', () => {
  it('is what the command makes of it, and is followed plane by plane and slice by slice', async () => {
    const { made, events } = await superResolve({ seriesId, scale: 1.5, throughPlane: 2 });
    expect(made).toMatchObject({
      ...{ state: 'SUCCEEDED', error: null, steps: 1, sourceSeries: { id: seriesId }, mriSeries: null },
      parameters: { scale: 1.5, throughPlane: 2, network: 'student', bias: false, steps: 1 },
      provenance: { synthetic: true, scale: 1.5, throughPlane: 2, network: 'student' },
      outputs: [
        { kind: 'DICOM', rows: 96, columns: 96 },
        { kind: 'VOLUME', rows: 96, columns: 96 },
      ],
      // 64 planes along columns and 64 along rows, then 160 slices.
      denoiserEvaluations: 288,
    });

    const pieces = events.filter(({ __typename }) => __typename === 'GenerationTileCompleted');
    expect(pieces.map(({ step, steps, index, total }) => [step, steps, index, total])).toEqual([
      ...upTo(128).map((place) => [1, 2, place - 1, 128]),
      ...upTo(160).map((place) => [2, 2, place - 1, 160]),
    ]);
    const fractions = pieces.map(({ fraction }) => fraction!);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect([fractions[127], fractions.at(-1)]).toEqual([expect.closeTo(2 / (2 + 1.5 ** 2), 6), 1]);

    const asset = await api.dataSource.manager.findOneByOrFail(Asset, { id: series.assetId! });
    const path = (name: string) => join(folder, name);
    await writeFile(path('taken.nii.gz'), await readAsset(api.store, asset, 'The series'));
    const bundle = join(packageRoot, 'test/golden/tiny-superres-bundle');
    const asked = ['superres', path('taken.nii.gz'), '--scale', '1.5', '--through-plane', '2', '--out', path('thin')];
    const { code, stderr } = await runCommand([...asked, '--bundle', bundle, '--device', 'cpu']);
    expect([code, stderr]).toEqual([0, '']);
    const { volume: commanded } = await decodeNifti(await readFile(path('thin/superres.nii.gz')));
    const { volume } = await decodeNifti(await bytesOf(api, made, 'VOLUME'));
    expect([volume.columns, volume.rows, volume.slices]).toEqual([96, 96, 160]);
    expect(volume.spacing[2]).toBeCloseTo(0.75, 6);
    expect(volume.affine).toEqual(commanded.affine);
    expect(Buffer.from(volume.data.buffer).equals(Buffer.from(commanded.data.buffer))).toBe(true);

    await writeFile(path('thin.zip'), await bytesOf(api, made, 'DICOM'));
    execFileSync('python3', ['-m', 'zipfile', '-e', 'thin.zip', 'thin-dicom'], { cwd: folder });
    const [read] = (await scanSeries(path('thin-dicom'))).series;
    const dicom = await readSeries(read!);
    expect(dicom.data.length).toBe(volume.data.length);
    let largest = 0;
    dicom.data.forEach((value, voxel) => (largest = Math.max(largest, Math.abs(value - volume.data[voxel]!))));
    // The slope has 32 bits in one and 16 characters in the other; the 16-bit numbers lie .02 apart.
    expect(largest).toBeLessThan(1e-3);
    dicom.affine.forEach((value, place) => expect(value).toBeCloseTo(volume.affine[place]!, 3));
  });

  it('is not what a client key got that asked without', async () => {
    const input = { seriesId, scale: 1.5, clientKey: 'figure 10' };
    const plain = await ask(input);
    const thin = await ask({ ...input, throughPlane: 2 });
    const other = await ask({ ...input, clientKey: 'figure 11', throughPlane: 2 });

    expect(thin.errors![0]!.extensions).toMatchObject({ code: 'CONFLICT' });
    const ids = [plain, other].map(({ data }) => data!.superResolveSeries.generation.id);
    const made = await Promise.all(ids.map((id) => madeFromSeries(api, id)));
    const keys = await api.dataSource.manager.find(Generation, { order: { createdAt: 'DESC' }, take: 2 });
    expect(new Set(keys.map(({ key }) => key)).size).toBe(2);
    expect(made.map(({ events }) => events.filter(({ steps }) => steps === 2).length)).toEqual([0, 288]);
  });

  it('is refused where the series would not fit, or as a file would not', async () => {
    const { manager } = api.dataSource;
    const sized = (rows: number, columns: number, sliceCount: number) =>
      manager.save(
        manager.create(MriSeries, {
          ...{ examId: series.examId, sequence: `SIZE_${rows}`, provenance: 'PHANTOM', assetId: series.assetId },
          ...{ rows, columns, sliceCount },
        }),
      );
    const message = async ({ id }: MriSeries, scale: number) =>
      (await ask({ seriesId: encodeId('MriSeries', id), scale, throughPlane: 2 })).errors![0]!.message;
    expect(await message(await sized(1000, 1000, 70), 1.5)).toBe(
      'The series has 1000 x 1000 x 70 voxels; slices are made thinner of series of at most 67108864.',
    );
    expect(await message(await sized(600, 600, 50), 4)).toBe(
      'The series has 600 x 600 x 50 voxels; the finer series would have more than 536870912.',
    );
  });
});

/** Coefficients that move what lies far out by some millimetres, as a vendor's file holds them. */
const SCANNER = 'An invented scanner';
const COEFFICIENTS = JSON.stringify({
  format: 'osteograph-gradients/1',
  scanner: SCANNER,
  radiusMm: 250,
  coils: {
    x: [{ n: 3, m: 1, a: -0.4321, b: 0 }],
    y: [{ n: 3, m: 1, a: 0, b: -0.3 }],
    z: [{ n: 3, m: 0, a: -0.5, b: 0 }],
  },
});

describe('a series that is unwarped by coefficients', () => {
  it('is voxel by voxel what the command makes of it, and says by which, not what they are', async () => {
    const input = { seriesId, scale: 1.5, coefficients: COEFFICIENTS };
    const { made } = await superResolve({ ...input, clientKey: 'unwarped' });
    const { made: plain } = await superResolve({ seriesId, scale: 1.5 });

    const asset = await api.dataSource.manager.findOneByOrFail(Asset, { id: series.assetId! });
    const path = (name: string) => join(folder, name);
    await writeFile(path('warped.nii.gz'), await readAsset(api.store, asset, 'The series'));
    await writeFile(path('scanner.json'), COEFFICIENTS);
    const bundle = join(packageRoot, 'test/golden/tiny-superres-bundle');
    const asked = ['superres', path('warped.nii.gz'), '--scale', '1.5', '--coefficients', path('scanner.json')];
    const { code, stderr } = await runCommand([
      ...[...asked, '--out', path('unwarped'), '--bundle', bundle, '--device', 'cpu'],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    const voxels = async (bytes: Buffer) => Buffer.from((await decodeNifti(bytes)).volume.data.buffer);
    const [found, commanded, unmoved] = [
      await voxels(await bytesOf(api, made, 'VOLUME')),
      await voxels(await readFile(path('unwarped/superres.nii.gz'))),
      await voxels(await bytesOf(api, plain, 'VOLUME')),
    ];
    expect(found.equals(commanded)).toBe(true);
    expect(found.equals(unmoved)).toBe(false);

    const sha256 = execFileSync('sha256sum', { input: COEFFICIENTS, encoding: 'utf8' }).slice(0, 64);
    const coefficients = { scanner: SCANNER, sha256 };
    expect(made).toMatchObject({
      ...{ state: 'SUCCEEDED', error: null },
      parameters: { scale: 1.5, network: 'student', bias: false, coefficients },
      provenance: { coefficients },
    });
    const shown = JSON.stringify(made) + JSON.stringify(await api.dataSource.manager.find(AuditEntry));
    expect(shown).toContain(sha256);
    expect(shown).not.toContain('0.4321');
    const again = await ask({ ...input, clientKey: 'unwarped' });
    expect(again.data!.superResolveSeries.generation.id).toBe(made.id);
    const other = await ask({ ...input, coefficients: `${COEFFICIENTS} `, clientKey: 'unwarped' });
    expect(other.errors![0]!.extensions).toMatchObject({ code: 'CONFLICT' });
  });

  it('fails with a sentence where the coefficients are of another scanner', async () => {
    const coefficients = COEFFICIENTS.replace('-0.4321', '400');
    const { made } = await superResolve({ seriesId, scale: 1.5, coefficients });
    expect(made).toMatchObject({ state: 'FAILED', outputs: [] });
    expect(made.error).toContain('would be folded by these coefficients: they are not of the scanner that took it');
  });
});

test('the teacher works in as many steps as it is told, and a client key means one request', async () => {
  const input = { seriesId, scale: 1.5, network: 'TEACHER', steps: 2, bias: true, clientKey: 'figure 9' };
  const { made } = await superResolve(input);
  const again = await ask(input);
  const other = await ask({ ...input, scale: 2 });

  expect(made).toMatchObject({ steps: 2, denoiserEvaluations: 160, parameters: { network: 'teacher', bias: true } });
  expect(again.data!.superResolveSeries.generation.id).toBe(made.id);
  expect(other.errors![0]!.extensions).toMatchObject({ code: 'CONFLICT' });
});

describe('refused in one sentence, with nothing stored, is', () => {
  test.each<[string, () => object, string]>([
    ['a scale out of range', () => ({ seriesId, scale: 5 }), 'scale is 5; tiny-superres was trained for 1.5 to 4.'],
    [
      'another number of slices than twice as many',
      () => ({ seriesId, scale: 2, throughPlane: 3 }),
      'throughPlane is 3; it takes 2, or is left out.',
    ],
    [
      'a number of steps',
      () => ({ seriesId, scale: 2, steps: 3 }),
      'steps is 3; the student of tiny-superres works in 1 steps.',
    ],
    [
      'no coefficients',
      () => ({ seriesId, scale: 2, coefficients: 'scanner.json' }),
      'coefficients cannot be read as gradient coefficients: a JSON file of osteograph-gradients/1 is expected.',
    ],
    [
      'coefficients of an order beyond five',
      () => ({ seriesId, scale: 2, coefficients: COEFFICIENTS.replace('"n":3', '"n":7') }),
      'coefficients is no file of gradient coefficients: coils.x.0.n Too big: expected number to be <=5.',
    ],
    [
      'coefficients of a scanner whose name no row can hold',
      () => ({ seriesId, scale: 2, coefficients: COEFFICIENTS.replace(SCANNER, 'a\\u0000b') }),
      'coefficients is no file of gradient coefficients: scanner holds control characters.',
    ],
    [
      'coefficients that are too long',
      () => ({ seriesId, scale: 2, coefficients: ' '.repeat(65_537) }),
      'coefficients is no file of gradient coefficients: it has 65537 characters, more than 65536.',
    ],
    ['another kind of id', () => ({ seriesId: examId, scale: 2 }), 'seriesId must be the id of a MriSeries.'],
    [
      'a series that is not there',
      () => ({ seriesId: encodeId('MriSeries', 999_999), scale: 2 }),
      'There is no such MRI series of an exam.',
    ],
    [
      'a bundle that is not there',
      () => ({ seriesId, scale: 2, bundle: 'other' }),
      'There is no bundle other; ready: tiny-superres@1.0.0.',
    ],
    [
      'a priority above all',
      () => ({ seriesId, scale: 2, priority: 12 }),
      'priority is 12; it must be a whole number from -10 to 11.',
    ],
  ])('%s', async (_, input, message) => {
    const count = () =>
      Promise.all(
        [Generation, GenerationOutput, AuditEntry].map((entity) =>
          api.dataSource.manager.count(entity as typeof Generation),
        ),
      );
    const before = await count();
    const { errors } = await ask(input());
    expect(errors).toHaveLength(1);
    expect(errors![0]!.message).toBe(message);
    expect(await count()).toEqual(before);
  });

  test('a series without pixels, and one whose pixels are too large', async () => {
    const { manager } = api.dataSource;
    const bare = await manager.save(
      manager.create(MriSeries, { examId: series.examId, sequence: 'SAG_IW', provenance: 'PHANTOM' }),
    );
    const coarse = await manager.save(
      manager.create(MriSeries, {
        ...{
          examId: series.examId,
          sequence: 'LOC',
          provenance: 'PHANTOM',
          assetId: series.assetId,
          pixelSpacing: 4.5,
        },
      }),
    );
    const message = async ({ id }: MriSeries) =>
      (await ask({ seriesId: encodeId('MriSeries', id), scale: 2 })).errors![0]!.message;
    expect(await message(bare)).toBe('The series has no pixels here; import its images first.');
    expect(await message(coarse)).toBe(
      'The series has pixels of 4.5 mm; tiny-superres takes series with pixels of 0.2 to 3 mm.',
    );
  });
});

test('a series that turns out to be empty fails with a sentence, and no image', async () => {
  const { manager } = api.dataSource;
  const { encodeNifti } = await import('../../src/imaging/nifti.js');
  const { storeAsset } = await import('../../src/storage/index.js');
  const { centredAffine } = await import('../../src/imaging/volume.js');
  const size = [16, 16, 3] as const;
  const spacing = [1, 1, 3] as const;
  const dark = { columns: 16, rows: 16, slices: 3, data: new Uint16Array(768), spacing, placement: 'SCANNER' as const };
  const bytes = await encodeNifti({ ...dark, affine: centredAffine('CORONAL', size, spacing) }, 'dark');
  const { id: assetId } = await storeAsset(manager, api.store, bytes, 'application/gzip');
  const empty = await manager.save(
    manager.create(MriSeries, { examId: series.examId, sequence: 'DARK', provenance: 'PHANTOM', assetId }),
  );
  const { made } = await superResolve({ seriesId: encodeId('MriSeries', empty.id), scale: 2 });
  expect(made).toMatchObject({ state: 'FAILED', outputs: [] });
  expect((made as unknown as { error: string }).error).toContain('has no signal: its 99.5th percentile is not above 0');
});

test('a cohort is not asked for, and readers may look and not ask', async () => {
  const { errors } = await ask({ seriesId, scale: 2 }, api.tokens.READER);
  expect(errors![0]!.extensions).toMatchObject({ code: 'FORBIDDEN' });
});
