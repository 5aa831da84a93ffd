import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsNull, Not } from 'typeorm';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { AuditEntry, type KneeExam, RadiographReading, Reading } from '../../src/entities/index.js';
import { registerBundles } from '../../src/services/bundles/index.js';
import { createToken } from '../../src/services/access/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { bilateralPng, drawnKneePng, upload } from '../helpers/radiographs.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let models: string;
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'osteograph-readers-'));
  const reader = join(packageRoot, 'test/golden/tiny-reader-bundle');
  await cp(reader, join(models, 'tiny-reader-bundle/1.0.0'), { recursive: true });
  api = await startTestServer();
  await registerBundles(api.dataSource, models);
});
afterAll(async () => {
  await api.close();
  await rm(models, { recursive: true, force: true });
});

const READ = `mutation ($input: ReadRadiographInput!) {
  readRadiograph(input: $input) {
    reading {
      id side unreadableReason probabilities kl expectedKl notice durationMs
      medial { mm percent femur { column row } tibia { row } }
      lateral { mm percent }
      bundle { name version task }
    }
  }
}`;

interface ReadAnswer {
  readRadiograph: {
    reading: {
      id: string;
      side: string;
      unreadableReason: string | null;
      probabilities: number[] | null;
      kl: number | null;
      expectedKl: number | null;
      notice: string;
      durationMs: number;
      medial: { mm: number | null; percent: number; femur: unknown[]; tibia: unknown[] } | null;
      lateral: { mm: number | null; percent: number } | null;
      bundle: { name: string; version: string; task: string };
    };
  };
}

const read = (input: object, token = api.tokens.OPERATOR) => api.ask<ReadAnswer>(READ, { input }, token);

/** A knee exam with a film of its own. */
async function examWithFilm(png: Buffer, pixelSpacing: number | null = 0.4): Promise<KneeExam> {
  const { manager } = api.dataSource;
  const participant = await api.make.participant();
  const exam = await api.make.exam(await api.make.visit(participant), { side: 'RIGHT' });
  const asset = await storeAsset(manager, api.store, png, 'image/png');
  await api.make.radiograph(exam, { assetId: asset.id, pixelSpacing, rows: 224, columns: 224 });
  return exam;
}

test("an exam's film is read in mm, kept apart from readings of people, shown on the exam, and audited", async () => {
  const exam = await examWithFilm(drawnKneePng(110));
  const examId = encodeId('KneeExam', exam.id);
  const people = await api.dataSource.manager.count(Reading);

  const { data, errors } = await read({ examId });

  expect(errors).toBeUndefined();
  const { reading } = data!.readRadiograph;
  expect(reading).toMatchObject({ side: 'RIGHT', kl: 2, unreadableReason: null });
  expect(reading.bundle).toEqual({ name: 'tiny-reader-bundle', version: '1.0.0', task: 'RADIOGRAPH_READING' });
  expect(reading.probabilities!.map((chance) => Math.round(100 * chance))).toEqual([0, 13, 87, 0, 0]);
  expect(reading.notice).toMatch(/for research only/);
  // 12 and 6 of 224 pixels of 0.4 mm.
  expect(Math.abs(reading.lateral!.mm! - 4.8)).toBeLessThan(0.5);
  expect(Math.abs(reading.medial!.mm! - 2.4)).toBeLessThan(0.5);
  expect(reading.medial!.femur).toHaveLength(56);
  const shown = await api.ask<{ kneeExam: unknown }>(
    `query ($id: ID!) { node(id: $id) { ... on KneeExam { kl readings { id } radiographReadings { id kl } } } }`,
    { id: examId },
    api.tokens.READER,
  );
  expect(shown.data).toEqual({
    node: { kl: exam.grades.XRKL, readings: [], radiographReadings: [{ id: reading.id, kl: 2 }] },
  });
  expect(await api.dataSource.manager.count(Reading)).toBe(people);
  const audited = await api.dataSource.manager.findBy(AuditEntry, { action: 'readRadiograph' });
  expect(audited).toMatchObject([{ detail: { examId: exam.id } }]);
});

test('the same film asked for again is not read again; another square is', async () => {
  const examId = encodeId('KneeExam', (await examWithFilm(drawnKneePng(112))).id);
  const first = (await read({ examId })).data!.readRadiograph.reading.id;
  expect((await read({ examId })).data!.readRadiograph.reading.id).toBe(first);
  const box = { left: 2, top: 2, side: 220 };
  const other = (await read({ examId, box })).data!.readRadiograph.reading.id;
  expect(other).not.toBe(first);
  expect((await read({ examId, box })).data!.readRadiograph.reading.id).toBe(other);
});

test('the knee of a bilateral film is found; what looks like no knee is kept with the reason', async () => {
  const visit = await api.make.visit(await api.make.participant());
  const exam = await api.make.exam(visit, { side: 'LEFT' });
  const asset = await storeAsset(api.dataSource.manager, api.store, bilateralPng(1), 'image/png');
  await api.make.radiograph(visit, { assetId: asset.id, pixelSpacing: 0.7 });
  const { data, errors } = await read({ examId: encodeId('KneeExam', exam.id) });
  expect(errors).toBeUndefined();
  expect(data!.readRadiograph.reading).toMatchObject({ side: 'LEFT', unreadableReason: null });

  const strange = await examWithFilm(drawnKneePng(250, 120));
  const unread = await read({ examId: encodeId('KneeExam', strange.id) });
  expect(unread.data!.readRadiograph.reading).toMatchObject({
    probabilities: null,
    kl: null,
    expectedKl: null,
    medial: null,
  });
  expect(unread.data!.readRadiograph.reading.unreadableReason).toMatch(
    /^Radiograph \d+ does not look like a knee film that can be read \(distance 11\d\.\d\d, read are films up to 60\)\.$/,
  );
});

test('an upload is read by its owner alone, and its readings go with it', async () => {
  const { body } = await upload(api.url, api.tokens.OPERATOR, drawnKneePng(115), { 'content-type': 'image/png' });
  const open = await read({ uploadId: body.id });
  expect(open.errors![0]!.message).toBe(
    'The radiograph does not say which knee it shows; say by side which one is meant.',
  );
  const { data } = await read({ uploadId: body.id, side: 'LEFT' });
  const { id, medial } = data!.readRadiograph.reading;
  expect(medial!.mm).toBeNull();
  const { text } = await createToken(api.dataSource, { name: 'stranger', role: 'OPERATOR' });
  expect((await read({ uploadId: body.id, side: 'LEFT' }, text)).errors![0]!.extensions.code).toBe('NOT_FOUND');
  const node = 'query ($id: ID!) { node(id: $id) { id } }';
  expect((await api.ask(node, { id }, text)).data).toEqual({ node: null });
  expect((await api.ask(node, { id }, api.tokens.OPERATOR)).data).toEqual({ node: { id } });
  const gone = 'mutation ($id: ID!) { deleteUploadedRadiograph(input: { id: $id }) { deletedUploadedRadiographId } }';
  expect((await api.ask(gone, { id: body.id }, api.tokens.OPERATOR)).errors).toBeUndefined();
  expect(await api.dataSource.manager.countBy(RadiographReading, { uploadId: Not(IsNull()) })).toBe(0);
  expect((await api.ask(node, { id }, api.tokens.OPERATOR)).data).toEqual({ node: null });
});

test.each<[string, () => object, string, RegExp]>([
  [
    'nothing to read',
    () => ({}),
    'BAD_USER_INPUT',
    /One of examId, radiographId and uploadId must say which radiograph/,
  ],
  ['an unknown exam', () => ({ examId: encodeId('KneeExam', 999_999) }), 'NOT_FOUND', /There is no such knee exam/],
  [
    'a generator',
    () => ({ examId: encodeId('KneeExam', 1), bundle: 'nobody' }),
    'NOT_FOUND',
    /There is no bundle nobody; ready: tiny-reader-bundle@1.0.0/,
  ],
])('%s is refused in one sentence and nothing is stored', async (_name, input, code, sentence) => {
  const before = await api.dataSource.manager.count(RadiographReading);
  const { errors } = await read(input());
  expect(errors![0]!.extensions.code).toBe(code);
  expect(errors![0]!.message).toMatch(sentence);
  expect(await api.dataSource.manager.count(RadiographReading)).toBe(before);
});

test('readers may look at readings, not ask for them', async () => {
  const examId = encodeId('KneeExam', (await examWithFilm(drawnKneePng(111))).id);
  expect((await read({ examId }, api.tokens.READER)).errors![0]!.extensions.code).toBe('FORBIDDEN');
});

test('readings asked for at the same time are all answered', async () => {
  const exams = await Promise.all([101, 102, 103, 104].map((bone) => examWithFilm(drawnKneePng(bone))));
  const answers = await Promise.all(exams.map(({ id }) => read({ examId: encodeId('KneeExam', id) })));
  expect(answers.map(({ errors }) => errors)).toEqual([undefined, undefined, undefined, undefined]);
});
