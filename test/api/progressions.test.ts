import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { AuditEntry, Generation, GenerationOutput, KneeExam } from '../../src/entities/index.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { decodePng, encodePng } from '../../src/imaging/png.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { createExam } from '../helpers/platform.js';
import { drawnKneePng, upload } from '../helpers/radiographs.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';
import { startWorkerProcess, type WorkerProcess } from '../helpers/worker-process.js';

let api: TestServer;
let worker: WorkerProcess;
/** A drawn knee of an operator's own, wider on the image's left. */
let uploadId: string;

beforeAll(async () => {
  api = await startTestServer();
  const models = join(api.dataDir, 'models');
  await cp(TINY_BUNDLE, join(models, 'tiny-bundle', '1.0.0'), { recursive: true });
  for (const bundle of ['tiny-progression-bundle', 'tiny-reader-bundle']) {
    await cp(join(packageRoot, 'test/golden', bundle), join(models, bundle, '1.0.0'), { recursive: true });
  }
  await registerBundles(api.dataSource, models);
  worker = await startWorkerProcess({ dataDir: api.dataDir, url: api.databaseUrl });
  uploadId = await uploaded(drawnKneePng(150));
});

afterAll(async () => {
  await worker.dispose();
  await api.close();
});

const PROGRESS = `mutation ($input: GenerateProgressionInput!) {
  generateProgression(input: $input) { generation { id state task parameters } } }`;

const FIELDS = `id state task error side seed steps parameters provenance device denoiserEvaluations exam { id } upload { id } mriSeries { id }
  box { left top side } outputs { kind index rows columns url file { mediaType bytes } }`;

interface Output {
  kind: string;
  index: number;
  rows: number | null;
  columns: number | null;
  url: string;
  file: { mediaType: string };
}

interface Frame {
  index: number;
  position: number;
  kl: number;
  jsw: number;
  expectedKl: number;
  leastDeterminant: number;
}

interface Made {
  state: string;
  error: string | null;
  parameters: { ownKl: number; frames: Frame[] } & Record<string, unknown>;
  provenance: Record<string, unknown>;
  outputs: Output[];
}

interface Progress extends Partial<Frame> {
  __typename: string;
  seq: number;
  total?: number;
  kind?: string;
  image?: string;
}

async function ask(input: object, token = api.tokens.OPERATOR) {
  return api.ask<{ generateProgression: { generation: { id: string } } }>(PROGRESS, { input }, token);
}

async function follow(id: string): Promise<Progress[]> {
  const query = `subscription ($id: ID!) { generationProgress(id: $id) { __typename seq
    ... on GenerationFrameCompleted { index total position kind kl jsw expectedKl leastDeterminant image } } }`;
  const events: Progress[] = [];
  for await (const { data } of api.socketClient(api.tokens.OPERATOR).iterate({ query, variables: { id } })) {
    events.push((data as unknown as { generationProgress: Progress }).generationProgress);
  }
  return events;
}

/** Asks for a progression and follows it to its end. */
async function progress(input: object): Promise<{ made: Made; events: Progress[]; id: string }> {
  const { data, errors } = await ask(input);
  expect(errors).toBeUndefined();
  const { id } = data!.generateProgression.generation;
  const events = await follow(id);
  const answer = await api.ask<{ generation: Made }>(
    `query ($id: ID!) { generation(id: $id) { ${FIELDS} } }`,
    { id },
    api.tokens.OPERATOR,
  );
  return { made: answer.data!.generation, events, id };
}

async function uploaded(file: Uint8Array): Promise<string> {
  const { status, body } = await upload(api.url, api.tokens.OPERATOR, file);
  expect(status).toBe(201);
  return body.id;
}

const bytesAt = async (url: string) => Buffer.from(await (await fetch(api.url + url)).arrayBuffer());

async function bytesOf({ outputs }: Made, kind: string, index = 0): Promise<Buffer> {
  return bytesAt(outputs.find((output) => output.kind === kind && output.index === index)!.url);
}

test('a knee is brought to a worse grade: a line for each frame as it is made, marked files, measured widths that fall', async () => {
  const { made, events } = await progress({ uploadId, side: 'RIGHT', ownKl: 0, targetKl: 4, frameCount: 5 });

  expect(made).toMatchObject({
    ...{ state: 'SUCCEEDED', error: null, task: 'XRAY_PROGRESSION', side: 'RIGHT', seed: null, mriSeries: null },
    ...{ upload: { id: uploadId }, exam: null, box: { left: 0, top: 0, side: 224 }, denoiserEvaluations: 4 },
    parameters: { targetKl: 4, ownKl: 0, compartment: 'MEDIAL', frameCount: 5, grader: { name: 'tiny-reader-bundle' } },
  });
  const frames = events.filter(({ __typename }) => __typename === 'GenerationFrameCompleted');
  expect(frames.map(({ index, total, kind, position, kl }) => [index, total, kind, position, kl])).toEqual(
    [0, 1, 2, 3, 4].map((index) => [index, 5, 'FRAME', index / 4, index]),
  );
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(frames.map(({ jsw, expectedKl }) => [jsw, expectedKl])).toEqual(
    made.parameters.frames.map(({ jsw, expectedKl }) => [jsw, expectedKl]),
  );
  const widths = made.parameters.frames.map(({ jsw }) => jsw);
  widths.slice(1).forEach((width, index) => expect(width).toBeLessThanOrEqual(widths[index]! + 0.05));
  expect(widths[4]! / widths[0]!).toBeLessThan(0.6);
  made.parameters.frames.forEach(({ leastDeterminant }) => expect(leastDeterminant).toBeGreaterThanOrEqual(0.3));
  const shown = decodePng(await bytesAt(frames[4]!.image!));
  expect([shown.rows, shown.columns]).toEqual([224, 224]);

  const kinds = made.outputs.map(({ kind }) => kind);
  for (const [kind, count] of Object.entries({
    FRAME: 5,
    AFTER: 5,
    DIFFERENCE: 5,
    GIF: 1,
    MP4: 1,
    DICOM: 1,
    CURVE: 1,
    TABLE: 1,
  })) {
    expect([kind, kinds.filter((name) => name === kind).length]).toEqual([kind, count]);
  }
  const first = decodePng(await bytesOf(made, 'FRAME', 0));
  expect([...first.data]).toEqual(Array.from(decodePng(drawnKneePng(150)).data, (value) => 257 * value));
  const last = await bytesOf(made, 'FRAME', 4);
  expect(last.toString('latin1')).toContain('SYNTHETIC, made by tiny-progression-bundle 1.0.0');
  const { attributes, pixels } = await readDicom({ bytes: await bytesOf(made, 'DICOM'), name: 'progression.dcm' });
  expect(attributes).toMatchObject({ synthetic: true, frames: 5, rows: 224, patientId: null });
  expect([...pixels.slice(4 * 224 * 224)]).toEqual([...decodePng(last).data]);
  expect((await bytesOf(made, 'GIF')).subarray(0, 6).toString()).toBe('GIF89a');
  expect((await bytesOf(made, 'MP4')).subarray(4, 8).toString()).toBe('ftyp');
  expect((await bytesOf(made, 'TABLE')).toString().split('\n')).toHaveLength(7);
  expect(made.provenance).toMatchObject({
    ...{ synthetic: true, task: 'xray-progression', bundle: { name: 'tiny-progression-bundle', version: '1.0.0' } },
    ...{ targetKl: 4, ownKl: 0, compartment: 'MEDIAL', frameCount: 5 },
  });
});

test("an exam's knee begins at the grade of its preferred reading, and that grade is refused before anything is stored", async () => {
  const { exam, radiograph } = await createExam(api);
  await api.dataSource.manager.update(KneeExam, { id: exam.id }, { grades: { XRKL: 3 } });
  const examId = encodeId('KneeExam', exam.id);
  const before = await api.dataSource.manager.count(Generation);

  const refused = await ask({ examId, targetKl: 3 });

  expect(refused.errors![0]).toMatchObject({
    message: 'The film has KL 3 already; ask for another grade.',
    extensions: { code: 'BAD_USER_INPUT' },
  });
  expect(await api.dataSource.manager.count(Generation)).toBe(before);
  const { data } = await ask({ examId, targetKl: 4 });
  const { id } = data!.generateProgression.generation;
  await follow(id);
  const row = await api.dataSource.manager.findOneByOrFail(Generation, { radiographId: radiograph.id });
  expect(row.parameters).toMatchObject({ ownKl: 3, targetKl: 4, compartment: 'MEDIAL', frameCount: 9 });
});

test('what looks like no knee, and a knee whose joint cannot be traced, end FAILED in one sentence and leave no file', async () => {
  const bright = await uploaded(
    encodePng({ rows: 100, columns: 100, data: Uint8Array.from({ length: 10_000 }, (_, at) => 240 + (at % 16)) }),
  );
  const flat = await uploaded(
    encodePng({ rows: 100, columns: 100, data: Uint8Array.from({ length: 10_000 }, (_, at) => (at < 100 ? 90 : 100)) }),
  );
  const sentences: string[] = [];
  for (const source of [bright, flat]) {
    const { made, events } = await progress({ uploadId: source, side: 'LEFT', targetKl: 2 });
    expect(events.at(-1)).toMatchObject({ __typename: 'GenerationStateChanged' });
    expect([made.state, made.outputs]).toEqual(['FAILED', []]);
    sentences.push(made.error!);
  }
  expect(sentences[0]).toMatch(/^The uploaded radiograph does not look like a knee film that can be read/);
  expect(sentences[1]).toBe(
    'The uploaded radiograph cannot be changed: the edges of its joint could not be traced, because it shows none.',
  );
});

test('a film that is read to have the wished grade ends FAILED and says so', async () => {
  const { made } = await progress({ uploadId, side: 'RIGHT', targetKl: 4, frameCount: 2 });
  const { ownKl } = made.parameters;
  const { made: same } = await progress({ uploadId, side: 'RIGHT', targetKl: ownKl, frameCount: 2 });
  expect([same.state, same.error]).toEqual(['FAILED', `The film has KL ${ownKl} already; ask for another grade.`]);
});

test.each([
  [{ targetKl: 5 }, 'The wished KL grade is 5; it is a whole number from 0 to 4.'],
  [{ targetKl: 2, ownKl: 7 }, "The film's own KL grade is 7; it is a whole number from 0 to 4."],
  [{ targetKl: 2, ownKl: 2 }, 'The film has KL 2 already; ask for another grade.'],
  [{ targetKl: 2, frameCount: 1 }, 'frames is 1; 2 to 33 are made.'],
  [{ targetKl: 2, priority: 40 }, expect.stringContaining('priority is 40') as string],
  [{ targetKl: 2, bundle: 'tiny-bundle' }, 'There is no bundle tiny-bundle; ready: tiny-progression-bundle@1.0.0.'],
])('%j is refused in one sentence', async (input, message) => {
  const before = await api.dataSource.manager.count(Generation);
  const { errors } = await ask({ uploadId, side: 'RIGHT', ...input });
  expect(errors).toEqual([expect.objectContaining({ message })]);
  expect(await api.dataSource.manager.count(Generation)).toBe(before);
});

test("nobody progresses another's upload, and a film of both knees needs to be told which", async () => {
  const other = await ask({ uploadId, side: 'RIGHT', targetKl: 4 }, api.tokens.ADMIN);
  expect(other.errors![0]!.message).toBe('There is no such uploaded radiograph.');
  const open = await ask({ uploadId, targetKl: 4 });
  expect(open.errors![0]!.message).toBe(
    'The radiograph does not say which knee it shows; say by side which one is meant.',
  );
});

test('asking twice with one key gives one generation, on the record', async () => {
  const input = { uploadId, side: 'RIGHT', ownKl: 1, targetKl: 2, frameCount: 2, clientKey: 'once' };
  const [first, second] = [await ask(input), await ask(input)];
  const { id } = first.data!.generateProgression.generation;
  expect(second.data!.generateProgression.generation.id).toBe(id);
  const audited = await api.dataSource.manager.countBy(AuditEntry, { action: 'generateProgression' });
  expect(audited).toBeGreaterThan(0);
  await follow(id);
  const { errors } = await ask({ ...input, targetKl: 3 });
  expect(errors![0]).toMatchObject({ extensions: { code: 'CONFLICT' } });
});

test('its files go with it', async () => {
  const { id } = await progress({ uploadId, side: 'RIGHT', ownKl: 4, targetKl: 3, frameCount: 2 });
  const answer = await api.ask(
    'mutation ($id: ID!) { deleteGeneration(input: { id: $id }) { deletedGenerationId } }',
    { id },
    api.tokens.OPERATOR,
  );
  expect(answer.errors).toBeUndefined();
  const left = await api.dataSource.manager.find(GenerationOutput, { relations: { generation: true } });
  expect(left.every(({ generation }) => encodeId('Generation', generation.id) !== id)).toBe(true);
});
