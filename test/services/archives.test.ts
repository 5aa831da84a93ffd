import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { packageRoot } from '../../src/domain/package.js';
import type { ExportFormat } from '../../src/domain/exports.js';
import { Asset, Export, Generation, MriSeries, Radiograph } from '../../src/entities/index.js';
import { encodeId } from '../../src/domain/global-ids.js';
import type { Runner } from '../../src/work/index.js';
import { createBatch } from '../../src/services/batches/index.js';
import { COMMAND_LINE, type TokenPrincipal } from '../../src/policy/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { type ExportRequest, requestExport } from '../../src/services/exports/index.js';
import { readAsset } from '../../src/storage/index.js';
import { generated, realSeries, unpacked } from '../helpers/archives.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { startExportRunner } from '../helpers/work.js';
import { runProgram } from '../helpers/program.js';
import { hasProgram, pythonWith } from '../helpers/python.js';

const MODULES = ['nibabel', 'pydicom', 'numpy'];
const python = pythonWith(MODULES);
const needsUnzip = hasProgram('unzip') ? test : test.skip;
const needsPython = python && hasProgram('unzip') ? test : test.skip;
const needsDicomTools = hasProgram('dciodvfy') && hasProgram('dcmdump') ? test : test.skip;

interface SeenVolume {
  affine: number[][];
  shape: number[];
  voxels: string;
  description?: string;
  recipe?: Record<string, unknown> | null;
  provenance?: Record<string, unknown> | null;
  [element: string]: unknown;
}

let platform: TestPlatform;
let viewer: TokenPrincipal;
let ids: string[];
let runner: Runner | undefined;
const folders: string[] = [];

const BOTH = { series: { synthetic: { isNull: false } } };

beforeAll(async () => {
  if (!python) console.warn(`No Python with ${MODULES.join(', ')} was found; set OSTEOGRAPH_PYTHON to one.`);
  if (!hasProgram('dciodvfy')) console.warn('dciodvfy or dcmdump is not installed (Debian: dicom3tools, dcmtk).');
  platform = await createTestPlatform();
  const { token } = await createToken(platform.dataSource, { name: 'test', role: 'READER' });
  viewer = { tokenId: token.id, name: 'test', role: 'READER', project: null, expiresAt: null };
  const { exam: right } = await createExam(platform, { mri: true });
  const { exam: left } = await createExam(platform, { side: 'LEFT' });
  const film = { sopClassUid: '1.2.840.10008.5.1.4.1.1.1', sopInstanceUid: '2.25.4711' };
  await platform.dataSource.getRepository(Radiograph).update({ examId: left.id }, film);
  await realSeries(platform);
  const shared = { steps: 1, seed: 7 };
  ids = await generated(platform, [
    { ...shared, examId: right.id, sliceCount: 5 },
    { ...shared, examId: left.id, sliceCount: 2, features: [{ feature: 'XRKL', grade: null }] },
  ]);
});

afterEach(async () => {
  await runner?.close();
  runner = undefined;
  await platform.dataSource.query('DELETE FROM export');
});

afterAll(async () => {
  await platform.close();
  for (const folder of folders) {
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.zip`, { force: true });
  }
});

function ask(request: ExportRequest): Promise<Export> {
  return requestExport(platform.dataSource, viewer, request, 'exportCohort');
}

async function over(id: number): Promise<Export> {
  for (;;) {
    const row = await platform.dataSource.getRepository(Export).findOneByOrFail({ id });
    if (row.state !== 'QUEUED' && row.state !== 'RUNNING') return row;
  }
}

function start(stale?: number): Runner {
  const { dataSource, store } = platform;
  return (runner = startExportRunner({ dataSource, store }, stale ? { timings: { stale } } : {}));
}

async function archive(request: ExportRequest): Promise<{ row: Export; folder: string; zip: string; paths: string[] }> {
  const { id } = await ask(request);
  if (!runner) start();
  const row = await over(id);
  expect(row).toMatchObject({ state: 'SUCCEEDED', error: null });
  const { folder, zip } = await unpacked(platform, row);
  folders.push(folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return { row, folder, zip, paths: paths.map((path) => path.slice(folder.length + 1)).sort() };
}

const known = new Map<ExportFormat, ReturnType<typeof archive>>();

/** An archive of everything, written once. */
function both(format: ExportFormat): ReturnType<typeof archive> {
  let made = known.get(format);
  if (!made) known.set(format, (made = archive({ format, archive: BOTH })));
  return made;
}

async function seen(folder: string): Promise<Record<string, SeenVolume>> {
  const script = join(packageRoot, 'test/helpers/read-volumes.py');
  return JSON.parse(await runProgram(python!, [script, folder])) as Record<string, SeenVolume>;
}

needsUnzip('an archive keeps what was generated, drawn and taken of persons in folders of their own', async () => {
  const { row, folder, zip, paths } = await both('NIFTI_ZIP');

  expect(execFileSync('unzip', ['-t', zip]).toString()).toContain('No errors detected');
  expect(execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: folder }).toString()).toBe('');
  const series = await platform.dataSource.getRepository(MriSeries).find({ order: { id: 'ASC' } });
  const [phantom, , right, left] = series.map(({ id }) => id);
  const volumes = paths.filter((path) => path.endsWith('.nii.gz'));
  expect(volumes.map((path) => path.replace(/\/100\d+\//, '/ID/')).sort()).toEqual(
    [
      `phantom/ID/V00_RIGHT/COR_T1_3D_FLASH_RIGHT_s${phantom}.nii.gz`,
      'real/9000001/V03_LEFT/__SAG_3D_DESS_LEFT_016610000001.nii.gz',
      `synthetic/ID/V00_RIGHT/tiny-bundle-1.0.0_seed7_s${right}.nii.gz`,
      `synthetic/ID/V00_LEFT/tiny-bundle-1.0.0_seed7_s${left}.nii.gz`,
    ].sort(),
  );
  expect(paths.filter((path) => !path.includes('/'))).toEqual([
    'README.txt',
    'SHA256SUMS',
    'manifest.csv',
    'manifest.json',
  ]);
  expect(await readFile(join(folder, 'README.txt'), 'utf8')).toContain('GENERATED from a radiograph');
  expect(row).toMatchObject({
    done: 4,
    total: 4,
    rows: 4,
    manifest: { volumes: 4, kinds: { real: 1, phantom: 1, synthetic: 2 }, files: 4, synthetic: 'SOME' },
  });
});

needsUnzip('its manifests name every file with its digest, and where each generated volume comes from', async () => {
  const { row, folder } = await archive({ format: 'NIFTI_ZIP', archive: { generations: ids } });

  const text = await readFile(join(folder, 'manifest.json'));
  const manifest = JSON.parse(text.toString()) as { contents: Record<string, unknown>[]; archive: object };
  const generation = await platform.dataSource.manager.findOneByOrFail(Generation, { id: ids[1]! });
  expect(manifest).toMatchObject({
    synthetic: 'ALL',
    kinds: { real: 0, phantom: 0, synthetic: 2 },
    archive: { generationIds: ids.map((id) => encodeId('Generation', id)) },
  });
  expect(manifest.contents[1]).toMatchObject({
    kind: 'synthetic',
    synthetic: true,
    phantom: true,
    side: 'LEFT',
    slices: 2,
    provenance: {
      generation: ids[1],
      bundle: { name: 'tiny-bundle', version: '1.0.0', sha256: platform.bundle.sha256 },
      code: generation.origin!.attempts[0]!.code,
      film: generation.origin!.film,
      box: generation.box,
      seed: 7,
      sampler: 'DDIM',
      steps: 1,
      eta: 0,
      noise: 'SHARED',
      featureOverrides: { XRKL: null },
      device: 'cpu',
      attempt: 1,
      durationMs: generation.durationMs,
      attempts: generation.origin!.attempts,
    },
    files: [{ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }],
  });
  const rows = parse(await readFile(join(folder, 'manifest.csv')), { columns: true }) as Record<string, string>[];
  expect(rows).toMatchObject([
    { kind: 'synthetic', synthetic: 'true', seed: '7', bundle_sha256: platform.bundle.sha256, barcode: '' },
    { generation_id: encodeId('Generation', ids[1]!), side: 'LEFT' },
  ]);
  // The same manifest stays when the archive has expired.
  const asset = await platform.dataSource.manager.findOneByOrFail(Asset, { id: row.manifestAssetId! });
  expect(await readAsset(platform.store, asset)).toEqual(text);
});

needsPython('nibabel and pydicom open every volume and agree on voxels and places', async () => {
  const nifti = await seen((await both('NIFTI_ZIP')).folder);
  const dicom = await seen((await both('DICOM_ZIP')).folder);

  expect(Object.keys(dicom)).toEqual(Object.keys(nifti).map((path) => path.replace(/\.nii\.gz$/, '')));
  expect(Object.keys(dicom)).toHaveLength(4);
  for (const [path, series] of Object.entries(dicom)) {
    const { affine, shape, voxels, description, recipe } = nifti[`${path}.nii.gz`]!;
    expect([series.shape, series.voxels]).toEqual([shape, voxels]);
    series.affine.flat().forEach((value, at) => expect(value).toBeCloseTo(affine.flat()[at]!, 3));
    const real = path.startsWith('real/');
    const synthetic = path.startsWith('synthetic/');
    expect(series).toMatchObject({
      SyntheticData: real ? 'NO' : 'YES',
      ImageType: ['DERIVED', 'SECONDARY', 'OTHER'],
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
      PatientID: path.split('/')[1],
      Laterality: path.includes('LEFT') ? 'L' : 'R',
      instances: Array.from({ length: shape[2]! }, (_, index) => index + 1),
    });
    expect([series['uids'], series['series_uids']].map((uids) => (uids as string[]).length)).toEqual([shape[2], 1]);
    expect(series['position_by_nibabel']).toHaveLength(3);
    expect(String(series['SeriesDescription']).includes('SYNTHETIC')).toBe(!real);
    if (synthetic) {
      expect(description).toContain('SYNTHETIC');
      expect(recipe).toMatchObject({ synthetic: true, seed: 7 });
      expect(series.provenance).toMatchObject({ ...recipe, attempts: [{ device: 'cpu' }] });
    } else {
      expect(series.provenance).toBeNull();
    }
  }
});

needsDicomTools('dciodvfy finds no error and dcmtk reads every file', async () => {
  const { folder, paths } = await both('DICOM_ZIP');
  // The slices of a series differ in nothing that a rule could mind.
  const files = paths.filter((path) => path.endsWith('/002.dcm')).map((path) => join(folder, path));
  const errors = new Set<string>();
  const warnings = new Set<string>();
  for (const file of files) {
    execFileSync('dcmdump', ['-q', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    for (const line of dciodvfy(file)) {
      if (/Error/.test(line)) errors.add(line);
      else if (/Warning/.test(line)) warnings.add(line.replace(/<\d+>/, '<...>'));
    }
  }

  expect(files).toHaveLength(4);
  expect([...errors].filter((line) => !ACCEPTED_ERRORS.some((accepted) => accepted.test(line)))).toEqual([]);
  expect([...warnings].filter((line) => !ACCEPTED_WARNINGS.some((accepted) => accepted.test(line)))).toEqual([]);
  const json = JSON.parse(execFileSync('dcm2json', [files.at(-1)!]).toString()) as Record<string, { Value: unknown[] }>;
  expect(json['0008001C']?.Value).toEqual(['YES']);
  const sources = files.map((file) => execFileSync('dcmdump', ['+P', '0008,1155', file]).toString());
  expect(sources.filter((dumped) => dumped.includes('[2.25.4711]'))).toHaveLength(1);
});

/** Debian's dicom3tools is of June 2022; Synthetic Data (0008,001C) came into the standard's SOP Common module after that. */
const ACCEPTED_ERRORS = [/0x0008,0x001c/];

const ACCEPTED_WARNINGS = [
  // The same tag.
  /0x0008,0x001c/,
  // Our own private element.
  /0x0099,0x1001/,
  // OAI publishes days, no times, and not of every series.
  /DICOMDIR - Study (Date|Time)/,
  // A pseudonym is no name with parts.
  /Retired Person Name form/,
  // No published code says "generated by a network".
  /Unrecognized defined term <99OSTEOGRAPH>/,
  // Not part of MR Image Storage, and allowed beside it; without them a volume of floats could not come back.
  /Rescale (Intercept|Slope|Type)/,
  /this is a Standard Extended SOP Class/,
];

function dciodvfy(file: string): string[] {
  try {
    return execFileSync('sh', ['-c', 'dciodvfy "$0" 2>&1', file]).toString().split('\n');
  } catch (error) {
    return (error as { stdout: Buffer }).stdout.toString().split('\n');
  }
}

needsUnzip('the same series gives the same DICOM files, bit by bit', async () => {
  const request = { format: 'DICOM_ZIP', archive: { generations: ids } } as const;
  const [first, second] = [await archive(request), await archive(request)];

  expect(second.paths).toEqual(first.paths);
  for (const path of first.paths.filter((name) => name.endsWith('.dcm'))) {
    expect(await readFile(join(second.folder, path))).toEqual(await readFile(join(first.folder, path)));
  }
});

needsUnzip('without a condition on synthetic no generated volume comes along', async () => {
  const { paths, row } = await archive({ format: 'NIFTI_ZIP', where: { kl: { gte: 0 } } });

  expect(paths.filter((path) => path.startsWith('synthetic/'))).toEqual([]);
  expect(row.manifest).toMatchObject({ kinds: { real: 1, phantom: 1, synthetic: 0 }, synthetic: 'SOME' });
});

needsUnzip('the real series of the same exams come along when they are asked for', async () => {
  const { row } = await archive({ format: 'NIFTI_ZIP', archive: { generations: ids, withReal: true } });

  expect(row.manifest).toMatchObject({ kinds: { real: 0, phantom: 1, synthetic: 2 } });
});

test.each([
  ['nothing fits', { where: { kl: { eq: 0 } } }, 'The archive would be empty: no stored series fits.'],
  ['columns are asked for', { columns: ['age'] }, 'NIFTI_ZIP is an archive; it has no columns.'],
  ['a series field is unknown', { archive: { series: { colour: { eq: 1 } } } }, 'colour is not a field'],
])('it is refused in one sentence when %s', async (_, request, message) => {
  await expect(ask({ format: 'NIFTI_ZIP', ...request })).rejects.toThrow(message);
});

needsUnzip('a batch gives the volumes that it has so far, those that were there before among them', async () => {
  const where = { kl: { eq: 2 } };
  const request = { where, written: where, sliceCount: 5, steps: 1, seed: 7 };
  const { id, waiting, reused } = await createBatch(platform, COMMAND_LINE, request);
  expect([waiting, reused]).toEqual([1, 1]);

  const { row } = await archive({ format: 'NIFTI_ZIP', archive: { batch: id } });

  expect(row.manifest).toMatchObject({
    archive: { batchId: encodeId('Batch', id) },
    kinds: { real: 0, phantom: 0, synthetic: 1 },
  });
  const nobody = { batch: crypto.randomUUID() };
  await expect(ask({ format: 'NIFTI_ZIP', archive: nobody })).rejects.toThrow('There is no such batch.');
});

test('a generation without a volume, or none at all, is named', async () => {
  const { exam } = await createExam(platform);
  const waiting = await platform.dataSource.manager.findOneByOrFail(Generation, { id: ids[0]! });
  const id = crypto.randomUUID();
  await platform.dataSource.manager.insert(Generation, { ...waiting, id, examId: exam.id, state: 'QUEUED' } as object);

  await expect(ask({ format: 'NIFTI_ZIP', archive: { generations: [id] } })).rejects.toThrow(
    'is QUEUED and has no volume.',
  );
  await expect(ask({ format: 'NIFTI_ZIP', archive: { generations: [crypto.randomUUID()] } })).rejects.toThrow(
    'There is no generation',
  );
});

test('an archive whose volume the store has lost fails with a sentence and offers nothing', async () => {
  const series = await platform.dataSource.manager.findOneOrFail(MriSeries, {
    where: { barcode: '016610000001' },
    relations: { asset: true },
  });
  const bytes = await readAsset(platform.store, series.asset!);
  await platform.store.delete(series.asset!.storageKey);
  const { id } = await ask({ format: 'DICOM_ZIP', where: { side: { eq: 'LEFT' } } });
  start();

  expect(await over(id)).toMatchObject({
    state: 'FAILED',
    error: 'The volume of the MRI series __SAG_3D_DESS_LEFT_016610000001 is not in the blob store.',
    assetId: null,
  });
  await platform.store.put(bytes, 'application/gzip');
});

needsUnzip('a server that is killed while it writes offers nothing, and another one writes it whole', async () => {
  const { id } = await ask({ format: 'DICOM_ZIP', archive: BOTH });
  const script = join(packageRoot, 'test/helpers/export-process.js');
  const server = spawn(process.execPath, [script, platform.url, platform.dataDir], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  const drafts = join(platform.dataDir, 'blobs', 'tmp');
  while ((await readdir(drafts).catch(() => [])).length === 0);
  server.kill('SIGKILL');
  await ended;
  const left = await platform.dataSource.getRepository(Export).findOneByOrFail({ id });
  start(1);

  const row = await over(id);
  expect(left).toMatchObject({ state: 'RUNNING', attempt: 1, assetId: null, manifestAssetId: null });
  expect(row).toMatchObject({ state: 'SUCCEEDED', attempt: 2, rows: 4 });
  const { folder } = await unpacked(platform, row);
  folders.push(folder);
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: folder });
});
