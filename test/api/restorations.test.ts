import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { Asset, AuditEntry, Generation, GenerationOutput, type Radiograph } from '../../src/entities/index.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { decodePng, encodePng } from '../../src/imaging/png.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { upTo } from '../helpers/events.js';
import { createExam } from '../helpers/platform.js';
import { bilateralPng, upload } from '../helpers/radiographs.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';
import { startWorkerProcess, type WorkerProcess } from '../helpers/worker-process.js';

let api: TestServer;
let worker: WorkerProcess;
let examId: string;
let film: Radiograph;

beforeAll(async () => {
  api = await startTestServer();
  const models = join(api.dataDir, 'models');
  await cp(TINY_BUNDLE, join(models, 'tiny-bundle', '1.0.0'), { recursive: true });
  const restorer = join(packageRoot, 'test/golden/tiny-restorer-bundle');
  await cp(restorer, join(models, 'tiny-restorer', '1.0.0'), { recursive: true });
  await registerBundles(api.dataSource, models);
  const made = await createExam(api);
  examId = encodeId('KneeExam', made.exam.id);
  film = made.radiograph;
  worker = await startWorkerProcess({ dataDir: api.dataDir, url: api.databaseUrl });
});

afterAll(async () => {
  await worker.dispose();
  await api.close();
});

const RESTORE =
  'mutation ($input: RestoreRadiographInput!) { restoreRadiograph(input: $input) { generation { id state task parameters } } }';

const FIELDS = `id state task error side sliceCount sampler noise seed steps parameters provenance device denoiserEvaluations
  exam { id } radiograph { id } upload { id } mriSeries { id } slices { index }
  outputs { kind index rows columns url file { mediaType bytes } }`;

interface Output {
  kind: string;
  rows: number;
  columns: number;
  url: string;
  file: { mediaType: string };
}

interface Restored {
  id: string;
  parameters: Record<string, unknown>;
  provenance: Record<string, unknown>;
  outputs: Output[];
}

interface Progress {
  __typename: string;
  seq: number;
  index?: number;
  total?: number;
  step?: number;
  steps?: number;
  fraction?: number;
  mriSeries?: null;
  outputs?: { kind: string }[];
}

async function ask(input: object, token = api.tokens.OPERATOR) {
  return api.ask<{ restoreRadiograph: { generation: { id: string } } }>(RESTORE, { input }, token);
}

async function follow(id: string, token = api.tokens.OPERATOR): Promise<{ events: Progress[]; faults: string[] }> {
  const query = `subscription ($id: ID!) { generationProgress(id: $id) { __typename seq
    ... on GenerationTileCompleted { index total step steps fraction }
    ... on GenerationCompleted { mriSeries { id } outputs { kind } } } }`;
  const [events, faults]: [Progress[], string[]] = [[], []];
  for await (const { data, errors } of api.socketClient(token).iterate({ query, variables: { id } })) {
    if (data) events.push((data as unknown as { generationProgress: Progress }).generationProgress);
    faults.push(...(errors ?? []).map(({ message }) => message));
  }
  return { events, faults };
}

/** Asks for a restored film and follows it to its end. */
async function restore(input: object): Promise<{ restored: Restored; events: Progress[] }> {
  const { data, errors } = await ask(input);
  expect(errors).toBeUndefined();
  const { id } = data!.restoreRadiograph.generation;
  const { events } = await follow(id);
  const answer = await api.ask<{ generation: Restored }>(
    `query ($id: ID!) { generation(id: $id) { ${FIELDS} } }`,
    { id },
    api.tokens.OPERATOR,
  );
  return { restored: answer.data!.generation, events };
}

async function bytesOf({ outputs }: Restored, kind: string): Promise<Buffer> {
  const { url } = outputs.find((output) => output.kind === kind)!;
  return Buffer.from(await (await fetch(api.url + url)).arrayBuffer());
}

/** A mask that hides a band. */
function maskPng(rows: number, columns: number): Buffer {
  const data = new Uint8Array(rows * columns);
  data.fill(255, 100 * columns, 120 * columns);
  return encodePng({ rows, columns, data });
}

async function uploadId(file: Uint8Array, token = api.tokens.OPERATOR): Promise<string> {
  const { status, body } = await upload(api.url, token, file);
  expect(status).toBe(201);
  return body.id;
}

test("an exam's film is denoised: estimated noise, a line for each tile, marked files of one size", async () => {
  const { restored, events } = await restore({ examId, denoise: {} });

  expect(restored).toMatchObject({
    ...{ state: 'SUCCEEDED', error: null, task: 'IMAGE_RESTORATION', side: 'RIGHT', device: 'cpu', steps: 1 },
    ...{ sliceCount: null, sampler: null, noise: null, seed: null, mriSeries: null, slices: [], upload: null },
    ...{ exam: { id: examId }, radiograph: { id: encodeId('Radiograph', film.id) } },
    parameters: { operation: 'DENOISE', estimated: true, impulses: 0, film: { rows: 256, columns: 256 }, seed: null },
  });
  expect(restored.parameters['sigma']).toBeGreaterThan(0);
  const asset = await api.dataSource.manager.findOneByOrFail(Asset, { id: film.assetId! });
  expect(restored.provenance).toMatchObject({
    ...{ synthetic: true, task: 'image-restoration', bundle: { name: 'tiny-restorer', version: '1.0.0' } },
    ...{ film: { sha256: asset.sha256 }, operation: 'DENOISE', steps: 1, seed: null, attempt: 1 },
  });

  expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
  const tiles = events.filter(({ __typename }) => __typename === 'GenerationTileCompleted');
  expect(tiles.map(({ index }) => index)).toEqual(upTo(tiles.length).map((place) => place - 1));
  expect(tiles.at(-1)).toMatchObject({ total: tiles.length, step: 1, steps: 1, fraction: 1 });
  expect(events.at(-2)).toMatchObject({ __typename: 'GenerationCompleted', mriSeries: null });

  const [small, whole] = [
    { rows: 256, columns: 256 },
    { rows: 256, columns: 256 },
  ];
  const kinds = ['AFTER', 'BEFORE', 'DICOM', 'DIFFERENCE', 'FILM', 'SHEET'];
  expect(events.at(-2)!.outputs!.map(({ kind }) => kind)).toEqual(kinds);
  expect(restored.outputs.map(({ kind }) => kind)).toEqual(kinds);
  expect(restored.outputs).toMatchObject([small, small, whole, small, whole, {}]);
  const png = await bytesOf(restored, 'FILM');
  expect(png.toString('latin1')).toContain('SYNTHETIC, restored by tiny-restorer 1.0.0');
  const { attributes, pixels } = await readDicom({ bytes: await bytesOf(restored, 'DICOM'), name: 'restored.dcm' });
  expect(attributes).toMatchObject({ synthetic: true, modality: 'CR', bitsStored: 16, patientId: null });
  expect([...pixels]).toEqual([...decodePng(png).data]);
});

test('two steps with a seed go over the film twice, and the same request gives the same files', async () => {
  const input = { radiographId: encodeId('Radiograph', film.id), upscale: { factor: 2 }, steps: 2, seed: 7 };

  const { restored, events } = await restore(input);
  const again = await restore(input);

  const tiles = events.filter(({ __typename }) => __typename === 'GenerationTileCompleted');
  expect(new Set(tiles.map(({ step }) => step))).toEqual(new Set([1, 2]));
  expect(tiles).toHaveLength(2 * tiles[0]!.total!);
  expect(restored).toMatchObject({ seed: 7, steps: 2, denoiserEvaluations: tiles.length });
  expect(restored.outputs.find(({ kind }) => kind === 'FILM')).toMatchObject({ rows: 512, columns: 512 });
  expect(again.restored.id).not.toBe(restored.id);
  expect((await bytesOf(again.restored, 'FILM')).equals(await bytesOf(restored, 'FILM'))).toBe(true);
});

test('an uploaded film of both knees is restored as a whole, for its owner, and goes with its upload', async () => {
  const id = await uploadId(bilateralPng(1));
  const { restored } = await restore({ uploadId: id, denoise: { sigma: 25 } });

  expect(restored).toMatchObject({ state: 'SUCCEEDED', side: null, exam: null, radiograph: null, upload: { id } });
  expect((await follow(restored.id, api.tokens.READER)).faults).toEqual(['There is no such generation.']);

  await api.ask(
    'mutation ($id: ID!) { deleteUploadedRadiograph(input: { id: $id }) { deletedUploadedRadiographId } }',
    { id },
    api.tokens.OPERATOR,
  );
  for (const { url } of restored.outputs) expect((await fetch(api.url + url)).status).toBe(404);
});

test('what a mask hides is filled in, and nothing else changes', async () => {
  const maskUploadId = await uploadId(maskPng(256, 256));
  const { restored } = await restore({ examId, inpaint: { maskUploadId } });

  expect(restored).toMatchObject({ state: 'SUCCEEDED', parameters: { operation: 'INPAINT' } });
  const made = decodePng(await bytesOf(restored, 'FILM')).data;
  const response = await fetch(api.url + (await sourceUrl()));
  const given = decodePng(Buffer.from(await response.arrayBuffer())).data;
  const factor = Math.max(...given) <= 255 ? 257 : 1;
  const changed = [...made.keys()].filter((pixel) => Math.abs(made[pixel]! - factor * given[pixel]!) > factor);
  expect(changed.every((pixel) => pixel >= 100 * 256 && pixel < 120 * 256)).toBe(true);
  expect(changed.length).toBeGreaterThan(0);
  expect(decodePng(await bytesOf(restored, 'MASK')).data[110 * 256]).toBe(255);
});

async function sourceUrl(): Promise<string> {
  const query =
    '{ radiograph: node(id: "' + encodeId('Radiograph', film.id) + '") { ... on Radiograph { image { url } } } }';
  const { data } = await api.ask<{ radiograph: { image: { url: string } } }>(query);
  return data!.radiograph.image.url;
}

test('a client key means one request of one task', async () => {
  const input = { examId, denoise: { sigma: 10 }, clientKey: 'figure 7' };
  const first = await ask(input);
  const again = await ask(input);
  const other = await ask({ ...input, denoise: { sigma: 11 } });
  const volume = await api.ask(
    'mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }',
    { input: { examId, clientKey: 'figure 7' } },
    api.tokens.OPERATOR,
  );

  // A worker may have taken it in between, so the state is not compared.
  expect(again.data!.restoreRadiograph.generation.id).toBe(first.data!.restoreRadiograph.generation.id);
  expect(other.errors![0]).toMatchObject({
    message:
      'The clientKey "figure 7" was used for a generation with another denoise; use a new key for a new request.',
    extensions: { code: 'CONFLICT' },
  });
  expect(volume.errors![0]!.extensions).toMatchObject({ code: 'CONFLICT' });
  await follow(first.data!.restoreRadiograph.generation.id);
});

describe('refused in one sentence, with nothing stored, is', () => {
  const whole = { denoise: { sigma: 10 } };
  test.each<[string, () => Promise<object> | object, string]>([
    [
      'nothing to do',
      () => ({ examId }),
      'One of denoise, upscale and inpaint must say what is to be done; none is given.',
    ],
    [
      'more than one thing to do',
      () => ({ examId, ...whole, upscale: { factor: 2 } }),
      'One of denoise, upscale and inpaint must say what is to be done; denoise and upscale are given.',
    ],
    ['no film', () => whole, 'One of examId, radiographId and uploadId must say which radiograph is meant.'],
    [
      'noise out of range',
      () => ({ examId, denoise: { sigma: 900 } }),
      'sigma is 900; tiny-restorer was trained for 0 to 75.',
    ],
    [
      'negative noise',
      () => ({ examId, denoise: { sigma: -1 } }),
      'sigma is -1; tiny-restorer was trained for 0 to 75.',
    ],
    [
      'too many impulses',
      () => ({ examId, denoise: { impulses: 0.5 } }),
      'impulses is 0.5; tiny-restorer was trained for 0 to 0.12.',
    ],
    ['no enlargement', () => ({ examId, upscale: { factor: 1 } }), 'factor is 1; a film is enlarged by more than 1.'],
    [
      'too much of it',
      () => ({ examId, upscale: { factor: 9 } }),
      'factor is 9; tiny-restorer was trained for 1 to 8.',
    ],
    [
      'a number of steps',
      () => ({ examId, ...whole, steps: 3 }),
      'steps is 3; tiny-restorer restores in 1, 2, 4 steps.',
    ],
    [
      'a seed that is none',
      () => ({ examId, ...whole, seed: -1 }),
      'seed is -1; it must be a whole number from 0 to 2147483647.',
    ],
    [
      'a priority above all',
      () => ({ examId, ...whole, priority: 12 }),
      'priority is 12; it must be a whole number from -10 to 11.',
    ],
    [
      'a mask of another size',
      async () => ({ examId, inpaint: { maskUploadId: await uploadId(maskPng(256, 250)) } }),
      'The mask is 250 x 256 pixels and the film 256 x 256; they must be of one size.',
    ],
    [
      "somebody else's mask",
      async () => ({ examId, inpaint: { maskUploadId: await uploadId(maskPng(256, 252), api.tokens.ADMIN) } }),
      'There is no such uploaded mask.',
    ],
    [
      'a model of another task',
      () => ({ examId, ...whole, bundle: 'tiny-bundle' }),
      'There is no bundle tiny-bundle; ready: tiny-restorer@1.0.0.',
    ],
  ])('%s', async (_, input, message) => {
    const asked = await input();
    const count = () =>
      Promise.all(
        [Generation, GenerationOutput, AuditEntry].map((entity) =>
          api.dataSource.manager.count(entity as typeof Generation),
        ),
      );
    const before = await count();
    const { errors } = await ask(asked);
    expect(errors).toHaveLength(1);
    expect(errors![0]!.message).toBe(message);
    expect(await count()).toEqual(before);
  });
});

test('what is for volumes refuses a film', async () => {
  const [a, b] = [await restore({ examId, denoise: { sigma: 4 } }), await restore({ examId, denoise: { sigma: 5 } })];
  const ids = { a: a.restored.id, b: b.restored.id };
  const difference = await api.ask('query ($a: ID!, $b: ID!) { generationDifference(a: $a, b: $b) { maximum } }', ids);
  const archive = await api.ask(
    'mutation ($id: ID!) { exportGenerations(input: { format: NIFTI_ZIP, generationIds: [$id] }) { export { id } } }',
    { id: ids.a },
  );

  expect(difference.errors![0]!.message).toBe('a makes no volume; only volumes can be compared.');
  expect(archive.errors![0]!.message).toBe(`The generation ${ids.a} makes no volume; ask for FILES_ZIP.`);
});

test('readers may look and not ask', async () => {
  const { errors } = await ask({ examId, denoise: {} }, api.tokens.READER);
  expect(errors![0]!.extensions).toMatchObject({ code: 'FORBIDDEN' });
});

test('one is found by its task, and deleted with its files', async () => {
  const { restored } = await restore({ examId, denoise: { sigma: 3 } });
  const query = '{ generations(where: { task: { eq: IMAGE_RESTORATION } }, first: 1) { nodes { id } } }';
  const { data } = await api.ask<{ generations: { nodes: { id: string }[] } }>(query);
  expect(data!.generations.nodes).toEqual([{ id: restored.id }]);

  const { id } = restored;
  const gone = await api.ask(
    'mutation ($id: ID!) { deleteGeneration(input: { id: $id }) { deletedGenerationId } }',
    { id },
    api.tokens.OPERATOR,
  );
  expect(gone.errors).toBeUndefined();
  const { url } = restored.outputs.find(({ kind }) => kind === 'FILM')!;
  expect((await fetch(api.url + url)).status).toBe(404);
});
