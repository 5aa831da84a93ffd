import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditEntry, ReaderStudyPair, ReaderTrial } from '../../src/entities/index.js';
import { decodePng } from '../../src/imaging/png.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { createToken } from '../../src/services/access/tokens.js';
import { only } from '../helpers/cohorts.js';
import { createExam } from '../helpers/platform.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';
import { startWorkerProcess, type WorkerProcess } from '../helpers/worker-process.js';

let api: TestServer;
let worker: WorkerProcess;
let models: string;
let evaluationId: string;
let volumes: string[];

beforeAll(async () => {
  api = await startTestServer();
  models = await mkdtemp(join(tmpdir(), 'osteograph-models-'));
  await cp(TINY_BUNDLE, join(models, 'tiny-bundle', '1.0.0'), { recursive: true });
  await registerBundles(api.dataSource, models);
  for (const kl of [0, 2, 4]) await createExam(api, { mri: true, kl });
  worker = await startWorkerProcess({ url: api.databaseUrl, dataDir: api.dataDir });
  const input = { bundles: ['tiny-bundle'], steps: [1, 2], sliceCounts: [6] };
  const asked = await api.ask<{ evaluateBundles: { evaluation: { id: string } } }>(
    'mutation ($input: EvaluateBundlesInput!) { evaluateBundles(input: $input) { evaluation { id } } }',
    { input },
  );
  evaluationId = only(asked).evaluateBundles.evaluation.id;
  const query = 'subscription ($id: ID!) { evaluationProgress(id: $id) { seq } }';
  for await (const { errors } of api.socketClient().iterate({ query, variables: { id: evaluationId } })) {
    if (errors) throw new Error(errors[0]!.message);
  }
  const scored = await api.ask<{ evaluation: { scores: { nodes: { generation: { id: string } }[] } } }>(
    'query ($id: ID!) { evaluation(id: $id) { scores { nodes { generation { id } } } } }',
    { id: evaluationId },
  );
  volumes = only(scored).evaluation.scores.nodes.map(({ generation }) => generation.id);
  // Six volumes are made: on a busy machine that takes its time.
});

afterAll(async () => {
  await worker.dispose();
  await api.close();
  await rm(models, { recursive: true });
});

interface Study {
  id: string;
  state: string;
  pairs: number;
  canClose: boolean;
  session: { id: string; answered: number } | null;
  results: Results | null;
}

interface Results {
  correct: number;
  answers: number;
  accuracy: number;
  readers: number;
  interval: { lower: number; upper: number };
  strata: { by: string; value: string; answers: number }[];
}

interface Session {
  id: string;
  finished: boolean;
  answered: number;
  total: number;
  next: Trial | null;
  results: Results | null;
}

interface Trial {
  index: number;
  choice: string | null;
  left: Picture;
  right: Picture;
}

interface Picture {
  url: string;
  bytes: number;
  mediaType: string;
}

const RESULTS = 'results { correct answers accuracy readers interval { lower upper } strata { by value answers } }';
const SESSION = `id finished answered total ${RESULTS} next { index choice left { url bytes mediaType } right { url bytes mediaType } }`;

/** Makes a study and waits until its pictures are drawn. */
async function openStudy(input: object = {}): Promise<Study> {
  const asked = await api.ask<{ createReaderStudy: { study: Study } }>(
    'mutation ($input: CreateReaderStudyInput!) { createReaderStudy(input: $input) { study { id state pairs } } }',
    { input: { name: 'Real or not', evaluationId, pairs: 6, ...input } },
  );
  let study = only(asked).createReaderStudy.study;
  while (study.state === 'PREPARING') study = await readStudy(study.id);
  return study;
}

async function readStudy(id: string, token = api.tokens.ADMIN): Promise<Study> {
  const query = `query ($id: ID!) { readerStudy(id: $id) { id state pairs canClose session { id answered } ${RESULTS} } }`;
  return only(await api.ask<{ readerStudy: Study }>(query, { id }, token)).readerStudy;
}

async function start(studyId: string, token = api.tokens.READER): Promise<Session> {
  const query = `mutation ($studyId: ID!) { startReaderSession(input: { studyId: $studyId }) { session { ${SESSION} } } }`;
  return only(await api.ask<{ startReaderSession: { session: Session } }>(query, { studyId }, token)).startReaderSession
    .session;
}

function answer(sessionId: string, trial: number, imported: string, token = api.tokens.READER) {
  return api.ask<{ answerReaderTrial: { session: Session } }>(
    `mutation ($sessionId: ID!, $trial: Int!, $imported: ReaderChoice!) {
      answerReaderTrial(input: { sessionId: $sessionId, trial: $trial, imported: $imported }) { session { ${SESSION} } } }`,
    { sessionId, trial, imported },
    token,
  );
}

/** Which side is right, as only the database knows. */
async function truth(): Promise<ReaderTrial[]> {
  return api.dataSource.manager.find(ReaderTrial, { order: { sessionId: 'ASC', index: 'ASC' } });
}

/** Answers every pair, the first `right` of them rightly. */
async function readAll(session: Session, right: number, token?: string): Promise<Session> {
  const key = Buffer.from(session.id, 'base64url').toString().split(':')[1]!;
  const trials = (await truth()).filter(({ sessionId }) => sessionId === key);
  let last = session;
  for (const { index, realSide } of trials) {
    const wrong = realSide === 'LEFT' ? 'RIGHT' : 'LEFT';
    last = only(await answer(session.id, index, index < right ? realSide : wrong, token)).answerReaderTrial.session;
  }
  return last;
}

async function pictureOf({ url }: Picture): Promise<Buffer> {
  return Buffer.from(await (await fetch(api.url + url)).arrayBuffer());
}

test('nothing but the picture tells a generated image from an imported one', async () => {
  const study = await openStudy();
  const session = await start(study.id);
  const { left, right } = session.next!;
  const [a, b] = [await pictureOf(left), await pictureOf(right)];

  expect(study).toMatchObject({ state: 'OPEN', pairs: 6 });
  expect(left.bytes).toBe(right.bytes);
  expect(left.mediaType).toBe(right.mediaType);
  expect(a.length).toBe(b.length);
  // The same header, and no text: only pixels and checksums differ.
  expect(a.subarray(0, 40)).toEqual(b.subarray(0, 40));
  for (const file of [a, b]) expect(file.includes('tEXt') || file.includes('SYNTHETIC')).toBe(false);
  expect(decodePng(a, 'left').data).not.toEqual(decodePng(b, 'right').data);
  expect(JSON.stringify(session)).not.toMatch(/real|synthetic|generat/i);
});

test('the imported image is on either side equally often, and knees come evenly from arms and grades', async () => {
  const study = await openStudy({ pairs: 12, seed: 5 });
  const { total } = await start(study.id);
  const key = Buffer.from(study.id, 'base64url').toString().split(':')[1]!;
  const pairs = await api.dataSource.manager.findBy(ReaderStudyPair, { studyId: key });
  const sides = (await truth()).slice(-total).map(({ realSide }) => realSide);
  const counted = (await api.dataSource.query(
    'SELECT t.real_side AS side, count(*)::integer AS count FROM reader_trial t JOIN reader_session s ON s.id = t.session_id WHERE s.study_id = $1 GROUP BY 1',
    [key],
  )) as { count: number }[];

  expect(total).toBe(12);
  expect(sides).toHaveLength(12);
  expect(counted.map(({ count }) => count)).toEqual([6, 6]);
  const groups = [...Map.groupBy(pairs, ({ arm, kl }) => `${arm} ${kl}`).values()].map(({ length }) => length);
  expect(groups).toEqual([2, 2, 2, 2, 2, 2]);
  expect(new Set(pairs.map(({ generationId, slice }) => `${generationId} ${slice}`)).size).toBe(12);
});

test('an answer is given once: the same again changes nothing, another one is refused', async () => {
  const study = await openStudy({ pairs: 2 });
  const session = await start(study.id);
  const { index } = session.next!;
  await answer(session.id, index, 'LEFT');
  const same = only(await answer(session.id, index, 'LEFT')).answerReaderTrial.session;
  const other = await answer(session.id, index, 'RIGHT');

  expect(same).toMatchObject({ answered: 1, total: 2, finished: false, results: null });
  expect(other.errors![0]).toMatchObject({
    message: `Trial ${index} was answered LEFT; an answer is given once.`,
    extensions: { code: 'CONFLICT' },
  });
  expect((await start(study.id)).id).toBe(session.id);
  expect((await readStudy(study.id, api.tokens.READER)).session).toEqual({ id: session.id, answered: 1 });
});

test('results are hidden until the reader has finished, and then count with an interval', async () => {
  const study = await openStudy({ pairs: 6, seed: 9 });
  const session = await start(study.id);
  const before = await readStudy(study.id, api.tokens.READER);
  const done = await readAll(session, 4);
  const after = await readStudy(study.id, api.tokens.READER);

  expect(before.results).toBeNull();
  expect(done).toMatchObject({ finished: true, answered: 6, next: null });
  expect(done.results).toMatchObject({ correct: 4, answers: 6, accuracy: 4 / 6, readers: 1 });
  // scipy.stats.binomtest(4, 6).proportion_ci(method='wilson')
  expect(done.results!.interval.lower).toBeCloseTo(0.3, 2);
  expect(done.results!.interval.upper).toBeCloseTo(0.903, 2);
  expect(after.results).toEqual(done.results);
  for (const by of ['KL', 'ARM', 'SIDE', 'SHOWN_ON']) {
    const strata = done.results!.strata.filter((stratum) => stratum.by === by);
    expect(strata.reduce((sum, { answers }) => sum + answers, 0)).toBe(6);
  }
});

test('a reader neither sees nor answers in the session of another one', async () => {
  const study = await openStudy({ pairs: 2 });
  const session = await start(study.id);
  const { text: stranger } = await createToken(api.dataSource, { name: 'stranger', role: 'READER' });
  const seen = await api.ask<{ readerSession: Session | null }>(
    'query ($id: ID!) { readerSession(id: $id) { id } }',
    { id: session.id },
    stranger,
  );
  const answered = await answer(session.id, 0, 'LEFT', stranger);

  expect(only(seen).readerSession).toBeNull();
  expect(answered.errors![0]!.extensions.code).toBe('NOT_FOUND');
  expect((await start(study.id, stranger)).id).not.toBe(session.id);
});

test('who makes a study and reads it sees no results before the end; a closed study takes no answers', async () => {
  const study = await openStudy({ pairs: 2 });
  const maker = await readStudy(study.id);
  const own = await start(study.id, api.tokens.ADMIN);
  const whileReading = await readStudy(study.id);
  await api.ask('mutation ($id: ID!) { closeReaderStudy(input: { id: $id }) { study { state } } }', { id: study.id });
  const late = await answer(own.id, 0, 'LEFT', api.tokens.ADMIN);

  expect(maker).toMatchObject({ canClose: true, session: null });
  expect((await readStudy(study.id, api.tokens.READER)).canClose).toBe(false);
  expect(maker.results).toMatchObject({ readers: 0, answers: 0, accuracy: null });
  expect(whileReading.results).toBeNull();
  expect(late.errors![0]!.message).toBe('The study takes no answers: it is closed.');
  const actions = (await api.dataSource.getRepository(AuditEntry).find()).map(({ action }) => action);
  for (const action of ['createReaderStudy', 'startReaderSession', 'answerReaderTrial', 'closeReaderStudy']) {
    expect(actions).toContain(action);
  }
});

test('pairs of volumes show twelve slices each', async () => {
  const study = await openStudy({ unit: 'VOLUME', pairs: 2 });
  const { next } = await start(study.id);
  const { rows, columns } = decodePng(await pictureOf(next!.left), 'a sheet');

  expect([rows, columns]).toEqual([768, 1024]);
  expect(next!.left.bytes).toBe(next!.right.bytes);
});

test.each([
  [{ pairs: 1 }, 'pairs is 1; it must be a whole number from 2 to 200.'],
  [{ name: ' ' }, 'name must have 1 to 200 characters.'],
  [{ arms: [7] }, 'There is no arm 7; the evaluation has 0 to 1.'],
  [{ where: { kl: { eq: 3 } } }, 'There are 0 pairs to show; a study needs at least two.'],
])('%j is refused with a sentence', async (input, sentence) => {
  const { errors } = await api.ask(
    'mutation ($input: CreateReaderStudyInput!) { createReaderStudy(input: $input) { study { id } } }',
    {
      input: { name: 'x', evaluationId, ...input },
    },
  );

  expect(errors![0]!.message).toBe(sentence);
});

describe('the difference of two volumes of one knee', () => {
  const DIFFERENCE = `query ($a: ID!, $b: ID!) { generationDifference(a: $a, b: $b) {
    meanAbsolute maximum visible jointSpace { compartment first second } correlation volume { url } picture { url mediaType }
    compartments { compartment meanAbsolute meanSigned shareOfDifference shareOfVolume } } }`;

  interface Difference {
    meanAbsolute: number;
    maximum: number;
    visible: number;
    jointSpace: { compartment: string; first: number | null; second: number | null }[];
    correlation: number;
    volume: Picture;
    picture: Picture;
    compartments: {
      compartment: string;
      meanAbsolute: number;
      meanSigned: number;
      shareOfDifference: number;
      shareOfVolume: number;
    }[];
  }

  test('is split into compartments that add up to the whole, and the other way round has the other sign', async () => {
    const [a, b] = volumes;
    const one = only(await api.ask<{ generationDifference: Difference }>(DIFFERENCE, { a, b })).generationDifference;
    const other = only(
      await api.ask<{ generationDifference: Difference }>(DIFFERENCE, { a: b, b: a }),
    ).generationDifference;
    const sum = (of: (part: Difference['compartments'][number]) => number) =>
      one.compartments.reduce((total, part) => total + of(part), 0);

    expect(one.meanAbsolute).toBeGreaterThan(0);
    expect(one.visible).toBeGreaterThan(0);
    expect(other.visible).toBe(one.visible);
    expect(one.jointSpace.map(({ compartment }) => compartment)).toEqual(['MEDIAL', 'LATERAL']);
    expect(other.jointSpace.map(({ first, second }) => [second, first])).toEqual(
      one.jointSpace.map(({ first, second }) => [first, second]),
    );
    expect(sum(({ shareOfVolume }) => shareOfVolume)).toBeCloseTo(1, 10);
    expect(sum(({ shareOfDifference }) => shareOfDifference)).toBeCloseTo(1, 10);
    expect(sum(({ meanAbsolute, shareOfVolume }) => meanAbsolute * shareOfVolume)).toBeCloseTo(one.meanAbsolute, 10);
    expect(other.meanAbsolute).toBeCloseTo(one.meanAbsolute, 12);
    other.compartments.forEach(({ meanSigned }, index) =>
      expect(meanSigned).toBeCloseTo(-one.compartments[index]!.meanSigned, 12),
    );
    expect((await pictureOf(one.picture)).subarray(1, 4).toString()).toBe('PNG');
    expect(
      only(await api.ask<{ generationDifference: Difference }>(DIFFERENCE, { a, b })).generationDifference,
    ).toEqual(one);
  });

  test('is refused for volumes of two knees, and for one volume', async () => {
    const [a, , c] = volumes;
    const knees = await api.ask(DIFFERENCE, { a, b: c });
    const same = await api.ask(DIFFERENCE, { a, b: a });

    expect(knees.errors![0]!.message).toBe(
      'a and b are of different knees or visits; only volumes of one knee at one visit can be compared.',
    );
    expect(same.errors![0]!.message).toBe('a and b are the same generation.');
  });
});
