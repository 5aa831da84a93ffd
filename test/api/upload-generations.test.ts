import { existsSync } from 'node:fs';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { Asset, Generation, MriSeries, UploadedRadiograph } from '../../src/entities/index.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { isPng } from '../../src/imaging/png.js';
import { writeRelease } from '../../src/oai/synthetic/release.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { startUploadExpiry } from '../../src/services/uploads/index.js';
import { silent } from '../helpers/platform.js';
import { upload, type UploadAnswer } from '../helpers/radiographs.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';
import { startWorkerProcess, type WorkerProcess } from '../helpers/worker-process.js';
import { unzipped } from '../helpers/zip.js';

let api: TestServer;
let worker: WorkerProcess;
let film: UploadAnswer;

beforeAll(async () => {
  api = await startTestServer();
  const models = join(api.dataDir, 'models');
  await cp(TINY_BUNDLE, join(models, 'tiny-bundle', '1.0.0'), { recursive: true });
  await cp(join(packageRoot, 'models/knee-detector'), join(models, 'knee-detector'), { recursive: true });
  await registerBundles(api.dataSource, models);
  worker = await startWorkerProcess({ dataDir: api.dataDir, url: api.databaseUrl });
  film = (await upload(api.url, api.tokens.OPERATOR, await syntheticFilm())).body;
});

afterAll(async () => {
  await worker.dispose();
  await api.close();
});

/** A bilateral DICOM film of somebody whom the knee detector has not seen. */
async function syntheticFilm(): Promise<Buffer> {
  const out = join(api.dataDir, 'release');
  const person = { participants: 1, imageParticipants: 1, seed: 31, visits: ['V00'], compact: true } as const;
  await writeRelease({ ...person, filmsOnly: true, filmPixel: 0.8 }, { out });
  const files = await readdir(out, { recursive: true });
  return readFile(
    join(
      out,
      files.find((name) => name.endsWith('/001'))!,
    ),
  );
}

const FIELDS = `id state side psnr ssim rssim error key exam { id } radiograph { id } upload { id } box { left top side }
  features { feature grade } provenance slices { previewUrl }
  mriSeries { id exam { id } volume { url } dicom { url } slicePngs { url } montage { url } }`;

interface Made {
  id: string;
  state: string;
  box: object;
  features: { feature: string; grade: number | null }[];
  provenance: { film: { sha256: string }; reference: null };
  mriSeries: { id: string; exam: null } & Record<'volume' | 'dicom' | 'slicePngs' | 'montage', { url: string }>;
}

/** Asks for a volume of the left knee and follows it to its end. */
async function generate(more: object = {}): Promise<Made> {
  const input = { uploadId: film.id, side: 'LEFT', bundle: 'tiny-bundle', sliceCount: 3, steps: 2, seed: 1, ...more };
  const asked = await api.ask<{ generateMri: { generation: { id: string } } }>(
    'mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }',
    { input },
    api.tokens.OPERATOR,
  );
  const { id } = asked.data!.generateMri.generation;
  expect(await follow(id, api.tokens.OPERATOR)).toEqual([]);
  const { data } = await api.ask<{ generation: Made }>(
    `query ($id: ID!) { generation(id: $id) { ${FIELDS} } }`,
    { id },
    api.tokens.OPERATOR,
  );
  return data!.generation;
}

/** @returns the messages of the subscription's faults, when it has ended */
async function follow(id: string, token: string): Promise<string[]> {
  const query = 'subscription ($id: ID!) { generationProgress(id: $id) { seq } }';
  const faults: string[] = [];
  for await (const { errors } of api.socketClient(token).iterate({ query, variables: { id } })) {
    faults.push(...(errors ?? []).map(({ message }) => message));
  }
  return faults;
}

async function bytesOf(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(api.url + url)).arrayBuffer());
}

test('a film from a DICOM file becomes a volume without exam and score, of the square that was shown', async () => {
  expect(film).toMatchObject({ view: 'BILATERAL', warnings: [] });
  expect(film.knees.map(({ side }) => side)).toEqual(['RIGHT', 'LEFT']);

  const made = await generate({ features: [{ feature: 'XRKL', grade: 3 }] });

  const nothing = { psnr: null, ssim: null, rssim: null, error: null, exam: null, radiograph: null };
  expect(made).toMatchObject({ ...nothing, state: 'SUCCEEDED', side: 'LEFT', upload: { id: film.id } });
  expect(made.box).toEqual(film.knees[1]!.box);
  expect(made.features.filter(({ grade }) => grade !== null)).toEqual([{ feature: 'XRKL', grade: 3 }]);
  expect(made.provenance).toMatchObject({ film: { barcode: null }, reference: null });
  expect(film.image.url).toContain(made.provenance.film.sha256);
  expect(made.mriSeries.exam).toBeNull();
});

test('its volume opens as NIfTI, DICOM, PNG and picture, under a pseudonym of the upload', async () => {
  const { mriSeries } = await generate();

  const { volume } = await decodeNifti(await bytesOf(mriSeries.volume.url), 'volume');
  const dicom = await unzipped(await bytesOf(mriSeries.dicom.url));
  const pngs = await unzipped(await bytesOf(mriSeries.slicePngs.url));

  expect(volume.slices).toBe(3);
  expect([dicom.size, pngs.size]).toEqual([3, 3]);
  const [[name, bytes]] = [...dicom] as [[string, Buffer]];
  const { attributes } = await readDicom({ name, bytes });
  expect(attributes).toMatchObject({ synthetic: true, laterality: 'L', studyDate: null });
  expect(attributes.patientId).toMatch(/^UPLOAD-[0-9a-f]{8}$/);
  expect(attributes.studyDescription).toBe('LEFT knee of an uploaded radiograph, MRI SYNTHETIC');
  expect(isPng(await bytesOf(mriSeries.montage.url))).toBe(true);
});

test('two what-ifs of one knee are compared, for whoever may see them', async () => {
  const [a, b] = [await generate({ seed: 5 }), await generate({ seed: 5, features: [{ feature: 'XRKL', grade: 4 }] })];
  const query = 'query ($a: ID!, $b: ID!) { generationDifference(a: $a, b: $b) { maximum volume { url } } }';
  const other = await generate({ side: 'RIGHT', seed: 5 });

  const own = await api.ask<{ generationDifference: { maximum: number } }>(
    query,
    { a: a.id, b: b.id },
    api.tokens.OPERATOR,
  );
  const strangers = await api.ask(query, { a: a.id, b: b.id }, api.tokens.READER);
  const unlike = await api.ask(query, { a: a.id, b: other.id }, api.tokens.OPERATOR);

  expect(own.data!.generationDifference.maximum).toBeGreaterThan(0);
  expect(strangers.errors![0]!.message).toBe('There is no such generation.');
  expect(unlike.errors![0]!.message).toContain('of different knees');
});

test('no list, count, id, log or archive of others tells of it, and no exam or participant comes of it', async () => {
  const { id, mriSeries } = await generate({ seed: 9 });
  const seen = `{ generations { totalCount nodes { id } } uploadedRadiographs { totalCount } participants { totalCount }
    kneeExams { totalCount } a: node(id: "${id}") { id } b: node(id: "${mriSeries.id}") { id } }`;
  const archive = (input: string, token: string) =>
    api.ask(`mutation { exportGenerations(input: { format: NIFTI_ZIP, ${input} }) { export { id } } }`, {}, token);

  const { data } = await api.ask(seen, {}, api.tokens.READER);
  const summary = await api.ask('{ generations { totalCount } }', {}, api.tokens.SUMMARY);
  const owners = await api.ask<{ generations: { nodes: { id: string }[] } }>(seen, {}, api.tokens.OPERATOR);
  const archived = await archive(`generationIds: ["${id}"]`, api.tokens.OPERATOR);
  const every = await api.ask(
    'mutation { exportCohort(input: { format: NIFTI_ZIP, series: { synthetic: { eq: true } } }) { export { id } } }',
  );

  const none = { totalCount: 0 };
  expect(data).toEqual({
    generations: { ...none, nodes: [] },
    uploadedRadiographs: none,
    participants: none,
    kneeExams: none,
    a: null,
    b: null,
  });
  expect(summary.data).toEqual({ generations: { totalCount: null } });
  expect(owners.data!.generations.nodes.map((node) => node.id)).toContain(id);
  expect(await follow(id, api.tokens.READER)).toEqual(['There is no such generation.']);
  expect(archived.errors![0]!.message).toBe(`There is no generation ${id} for a knee exam.`);
  expect(every.errors![0]!.message).toContain('The archive would be empty');
});

const crops = join(packageRoot, '../shared/data/xrays/kl2');

(existsSync(crops) ? test : test.skip)(
  'a real radiograph becomes a volume, too (skipped where ../shared/data/xrays is absent)',
  async () => {
    const [name] = await readdir(crops);
    const { status, body } = await upload(api.url, api.tokens.OPERATOR, await readFile(join(crops, name!)));

    expect([status, body.view, body.knees.length]).toEqual([201, 'SINGLE', 1]);
    expect(await generate({ uploadId: body.id, side: 'RIGHT' })).toMatchObject({ state: 'SUCCEEDED', side: 'RIGHT' });
  },
);

test('when its time is over an upload goes with every row and file that was made from it', async () => {
  await generate({ seed: 11 });
  await api.dataSource.query('UPDATE uploaded_radiograph SET expires_at = now()');

  const expiry = startUploadExpiry({ dataSource: api.dataSource, store: api.store, logger: silent });
  const left = async () => {
    const counts = [UploadedRadiograph, Generation, MriSeries, Asset].map((entity) =>
      api.dataSource.manager.count(entity as typeof Asset),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count);
  };
  while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await expiry.close();

  expect((await fetch(api.url + film.image.url)).status).toBe(404);
});
