import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, Generation } from '../../src/entities/index.js';
import { decodePng } from '../../src/imaging/png.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { only } from '../helpers/cohorts.js';
import { createExam } from '../helpers/platform.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';
import { startWorkerProcess, type WorkerProcess } from '../helpers/worker-process.js';

let api: TestServer;
let worker: WorkerProcess;
let models: string;

beforeAll(async () => {
  api = await startTestServer();
  models = await mkdtemp(join(tmpdir(), 'osteograph-models-'));
  await cp(TINY_BUNDLE, join(models, 'tiny-bundle', '1.0.0'), { recursive: true });
  await registerBundles(api.dataSource, models);
  for (const [kl, side, sex] of [
    [0, 'RIGHT', 'FEMALE'],
    [2, 'LEFT', 'MALE'],
    [4, 'RIGHT', 'FEMALE'],
  ] as const) {
    await createExam(api, { mri: true, kl, side, sex });
  }
  await createExam(api, { kl: 3 });
  // A process of its own, so that scoring does not hold up whoever asks.
  worker = await startWorkerProcess({ url: api.databaseUrl, dataDir: api.dataDir });
});

afterAll(async () => {
  await worker.dispose();
  await api.close();
  await rm(models, { recursive: true });
});

const FIELDS = `id name state error digest comparisonKey examCount participantCount phantomCount withoutMri withoutRadiograph
  arms { index label bundle steps sliceCount featureSet featureOverrides { feature grade } }
  counters { done failed total reused }`;
const EVALUATE = `mutation ($input: EvaluateBundlesInput!) { evaluateBundles(input: $input) { evaluation { ${FIELDS} } } }`;

interface Told {
  id: string;
  state: string;
  error: string | null;
  digest: string;
  comparisonKey: string;
  arms: { label: string }[];
  counters: { done: number; failed: number; total: number; reused: number };
}

interface Event {
  __typename: string;
  seq: number;
  state?: string;
  done?: number;
  error?: string | null;
}

async function evaluate(input: object): Promise<Told> {
  const asked = await api.ask<{ evaluateBundles: { evaluation: Told } }>(EVALUATE, {
    input: { bundles: ['tiny-bundle'], ...input },
  });
  return only(asked).evaluateBundles.evaluation;
}

/** Follows an evaluation to its end. */
async function follow(id: string, after = 0): Promise<Event[]> {
  const events: Event[] = [];
  const query = `subscription ($id: ID!, $after: Int) { evaluationProgress(id: $id, after: $after) {
    __typename seq at ... on EvaluationStateChanged { state message }
    ... on EvaluationVolumeScored { arm examId generationId reused psnr ssim rssim adjacentCorrelation error done failed total } } }`;
  for await (const { data, errors } of api
    .socketClient()
    .iterate<{ evaluationProgress: Event }>({ query, variables: { id, after } })) {
    if (errors) throw new Error(errors[0]!.message);
    events.push(data!.evaluationProgress);
  }
  return events;
}

const RESULTS = `query ($id: ID!) { evaluation(id: $id) { ${FIELDS}
  results { summaries { arm metric exams participants median lowerQuartile upperQuartile interval { lower upper } }
    comparisons { first second metric participants medianDifference pValue adjustedPValue method }
    strata { by value arm metric exams median } series { exams median }
    references { reference metric exams participants median } retrieval { arm reference exams first pairs others interval { lower } }
    jointSpace { arm reference compartment exams found medianError agreement { pairs bias lower upper correlation } }
    film { arm exams found oneLine rowError slope { exams medianError } assumedWidths } }
  scores(first: 200) { totalCount pageInfo { hasNextPage endCursor } nodes { arm state reused psnr ssim rssim adjacentCorrelation edgeF1 boneDice sharpness medialJointSpace error
    exam { id kl } generation { id psnr ssim seed slices { index ssim } } } }
  report { charts { name title caption spec } tables { name title caption columns rows } sheets { name title caption }
    html { url mediaType bytes } csv { url mediaType } file(name: "psnr.png") { url mediaType } } } }`;

interface Results {
  arm: number;
  metric: string;
  exams: number;
  median: number;
}

interface Score {
  arm: number;
  reused: boolean;
  ssim: number;
  edgeF1: number | null;
  boneDice: number | null;
  sharpness: number | null;
  exam: { kl: number };
  generation: { id: string; ssim: number; seed: number };
}

interface Finished extends Told {
  results: {
    summaries: Results[];
    comparisons: {
      metric: string;
      participants: number;
      medianDifference: number;
      pValue: number;
      adjustedPValue: number;
    }[];
    strata: (Results & { by: string; value: string })[];
    series: { exams: number; median: number };
    references: { reference: string; metric: string; exams: number; participants: number; median: number | null }[];
    retrieval: {
      arm: number | null;
      reference: string | null;
      exams: number;
      first: number;
      pairs: number;
      others: number;
    }[];
    jointSpace: { arm: number | null; reference: string | null; exams: number; found: number }[];
    film: { arm: number; exams: number; assumedWidths: number }[];
  };
  scores: { totalCount: number; nodes: Score[] };
  report: {
    charts: { name: string; caption: string; spec: { $schema: string } }[];
    tables: { name: string; caption: string; columns: string[]; rows: string[][] }[];
    sheets: { name: string }[];
    html: { url: string };
    csv: { url: string };
    file: { url: string };
  };
}

async function finished(id: string): Promise<Finished> {
  return only(await api.ask<{ evaluation: Finished }>(RESULTS, { id })).evaluation;
}

test('two step counts are compared on every knee that has a series, and the figures are those of the volumes', async () => {
  const asked = await evaluate({ steps: [1, 2], sliceCounts: [4], name: 'Few steps' });
  const events = await follow(asked.id);

  expect(asked).toMatchObject({
    state: 'QUEUED',
    name: 'Few steps',
    examCount: 3,
    participantCount: 3,
    phantomCount: 3,
    withoutMri: 1,
    withoutRadiograph: 0,
    arms: [{ label: '1 step', bundle: 'tiny-bundle@1.0.0' }, { label: '2 steps' }],
  });
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.map(({ state }) => state).filter(Boolean)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
  expect(events.map(({ done }) => done).filter(Boolean)).toEqual([1, 2, 3, 4, 5, 6]);

  const { results, scores: page, counters, state } = await finished(asked.id);
  const scores = page.nodes;
  expect({ state, counters }).toEqual({ state: 'SUCCEEDED', counters: { done: 6, failed: 0, total: 6, reused: 0 } });
  for (const arm of [0, 1]) {
    const own = scores.filter((score) => score.arm === arm).map(({ ssim }) => ssim);
    const middle = [...own].sort((a, b) => a - b)[1];
    expect(results.summaries.find((summary) => summary.arm === arm && summary.metric === 'SSIM')).toMatchObject({
      exams: 3,
      median: middle,
    });
  }
  expect(scores.map(({ ssim }) => ssim)).toEqual(scores.map(({ generation }) => generation.ssim));
  expect(results.comparisons).toHaveLength(7);
  for (const { participants, pValue, adjustedPValue } of results.comparisons) {
    expect(participants).toBe(3);
    expect(adjustedPValue).toBeGreaterThanOrEqual(pValue);
  }
  const kl = results.strata.filter(({ by, arm, metric }) => by === 'KL' && arm === 0 && metric === 'SSIM');
  expect(kl.map(({ value, exams }) => [value, exams])).toEqual([
    ['0', 1],
    ['2', 1],
    ['4', 1],
  ]);
  expect(results.series.exams).toBe(3);
});

test('every score stands beside those of volumes that say nothing of the knee', async () => {
  const { id } = await evaluate({ steps: [1, 2], sliceCounts: [4] });
  await follow(id);
  const { results, scores, report } = await finished(id);
  const median = (kind: string, score: string) =>
    results.references.find(({ reference, metric }) => reference === kind && metric === score)!.median;

  expect(results.references).toHaveLength(35);
  expect(results.references.filter(({ metric }) => metric === 'SSIM').map(({ exams }) => exams)).toEqual(
    Array(5).fill(3),
  );
  expect([median('BLACK', 'EDGE_F1'), median('BLACK', 'BONE_DICE'), median('BLACK', 'SHARPNESS')]).toEqual([0, 0, 0]);
  // The series of the tests are one and the same picture: that of another person is the knee's own, unless the side differs.
  expect(median('OWN_MIRRORED', 'PSNR')).toBeLessThan(40);
  expect(median('OWN_MIRRORED', 'SHARPNESS')).toBeCloseTo(1, 6);
  const summary = report.tables.find(({ name }) => name === 'summary')!;
  const rows = new Set(summary.rows.map(([volumes]) => volumes));
  for (const volumes of ['black', 'own series, mirrored', 'own series, three slices away', "another person's series"]) {
    expect(rows).toContain(volumes);
  }
  expect(rows).toContain("mean of the other people's series");
  for (const { edgeF1, boneDice, sharpness } of scores.nodes) {
    expect(edgeF1).toBeGreaterThanOrEqual(0);
    expect(boneDice).toBeGreaterThanOrEqual(0);
    expect(sharpness).toBeGreaterThan(0);
  }
});

test('retrieval counts the knees of other people, joint space and film are those of the knees that show them', async () => {
  const { id } = await evaluate({ steps: [1, 2], sliceCounts: [4] });
  await follow(id);
  const { results } = await finished(id);

  expect(results.retrieval.map(({ arm, reference }) => arm ?? reference)).toEqual([
    0,
    1,
    'MEAN_VOLUME',
    'OTHER_PERSON',
    'OWN_MIRRORED',
    'OWN_SHIFTED',
    'BLACK',
  ]);
  for (const { exams, others } of results.retrieval) expect([exams, others]).toEqual([3, 2]);
  expect(results.retrieval.at(-1)).toMatchObject({ reference: 'BLACK', first: 0, pairs: 0.5 });
  for (const { found, exams } of results.jointSpace) expect(found).toBeLessThanOrEqual(exams);
  expect(results.film.map(({ arm, exams, assumedWidths }) => [arm, exams, assumedWidths])).toEqual([
    [0, 3, 3],
    [1, 3, 3],
  ]);
});

test('an evaluation of an earlier version is readable: what it did not measure is empty', async () => {
  const { id } = await evaluate({ steps: [1, 2], sliceCounts: [4] });
  await follow(id);
  const key = Buffer.from(id, 'base64url').toString().split(':')[1]!;
  await api.dataSource.query(
    `UPDATE evaluation SET results = (results::jsonb - '{references,retrieval,jointSpace,film}'::text[])::json WHERE id = $1`,
    [key],
  );
  await api.dataSource.query('UPDATE evaluation_score SET figures = NULL WHERE evaluation_id = $1', [key]);
  const { results, scores, state } = await finished(id);

  expect(state).toBe('SUCCEEDED');
  expect(results).toMatchObject({ references: [], retrieval: [], jointSpace: [], film: [] });
  expect(scores.nodes.map(({ edgeF1 }) => edgeF1)).toEqual(Array(6).fill(null));
});

test('scores are paged by cursor, each volume once, and can be those of one arm', async () => {
  const { id } = await evaluate({ steps: [1, 2], sliceCounts: [4], name: 'Few steps' });
  await follow(id);
  const query = `query ($id: ID!, $arm: Int, $after: String) { evaluation(id: $id) { scores(arm: $arm, first: 2, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { arm exam { id } } } } }`;
  const walk = async (arm: number | null) => {
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page: { evaluation: { scores: ScorePage } } = only(await api.ask(query, { id, arm, after }));
      const { scores } = page.evaluation;
      expect(scores.totalCount).toBe(arm === null ? 6 : 3);
      seen.push(...scores.nodes.map((score) => `${score.exam.id} ${score.arm}`));
      after = scores.pageInfo.endCursor;
      more = scores.pageInfo.hasNextPage;
    }
    return seen;
  };

  const all = await walk(null);
  expect(new Set(all).size).toBe(6);
  expect(await walk(1)).toEqual(all.filter((score) => score.endsWith(' 1')));
});

interface ScorePage {
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  nodes: { arm: number; exam: { id: string } }[];
}

test('the arms of a knee share one seed, and knees have different ones', async () => {
  const { id } = await evaluate({ steps: [1, 2], sliceCounts: [4], name: 'Few steps' });
  await follow(id);
  const scores = (await finished(id)).scores.nodes;
  const seeds = Map.groupBy(scores, ({ exam }) => exam.kl);

  expect(new Set(scores.map(({ generation }) => generation.seed)).size).toBe(3);
  for (const own of seeds.values()) expect(own[0]!.generation.seed).toBe(own[1]!.generation.seed);
});

test('asking for the same again finds the same evaluation; other arms reuse the volumes they share', async () => {
  const first = await evaluate({ steps: [1, 2], sliceCounts: [4] });
  await follow(first.id);
  const before = await api.dataSource.manager.count(Generation);
  const same = await evaluate({ steps: [1, 2], sliceCounts: [4], name: 'Another name' });
  const other = await evaluate({ steps: [2], sliceCounts: [4] });
  await follow(other.id);
  const { counters } = await finished(other.id);

  expect(same.id).toBe(first.id);
  expect(other.id).not.toBe(first.id);
  expect(other.comparisonKey).toBe(first.comparisonKey);
  expect(counters).toEqual({ done: 3, failed: 0, total: 3, reused: 3 });
  expect(await api.dataSource.manager.count(Generation)).toBe(before);
});

test('the report is one page, one table, charts as data and as files, and says whose knees they are', async () => {
  const { id } = await evaluate({ steps: [1, 2], sliceCounts: [4] });
  await follow(id);
  const { report } = await finished(id);
  const fetched = async ({ url }: { url: string }) => fetch(api.url + url);

  expect(report.charts.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['psnr', 'similarity', 'knees', 'correlation', 'kl']),
  );
  expect(report.tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['summary', 'retrieval', 'comparisons', 'strata', 'arms']),
  );
  for (const { caption } of [...report.charts, ...report.tables]) {
    expect(caption).toContain('3 knees of 3 people, all phantoms of a synthetic release, not patients.');
    expect(caption).toContain('nothing here is clinically valid');
    expect(caption).toContain('7x7 uniform window');
  }
  for (const { columns, rows } of report.tables) for (const row of rows) expect(row).toHaveLength(columns.length);
  expect(report.tables.find(({ name }) => name === 'comparisons')!.caption).toContain('the test needs six');

  const html = await (await fetched(report.html)).text();
  expect(html).toContain('<svg');
  expect(html).not.toMatch(/(?:src|href)="(?!data:)(?!#)/);
  const pictures = [...html.matchAll(/<img src="data:image\/png;base64,([^"]*)"/g)];
  expect(pictures).toHaveLength(report.sheets.length);
  for (const [, base64] of pictures) {
    expect(decodePng(Buffer.from(base64!, 'base64'), 'a sheet').columns).toBeGreaterThan(100);
  }
  expect(html).toContain('nothing here is clinically valid');
  const rows: Record<string, string>[] = parse(await (await fetched(report.csv)).text(), { columns: true });
  expect(rows).toHaveLength(6);
  expect(rows[0]).toMatchObject({ phantom: 'true', synthetic: 'true', ssim_mode: 'skimage', steps: '1', kl: '0' });
  const png = await fetched(report.file);
  expect(png.headers.get('content-type')).toBe('image/png');
  expect(
    Buffer.from(await png.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
});

test('a report names the files it has when it is asked for another one', async () => {
  const { id } = await evaluate({ steps: [1, 2], sliceCounts: [4] });
  const { errors } = await api.ask('query ($id: ID!) { evaluation(id: $id) { report { file(name: "x") { url } } } }', {
    id,
  });

  expect(errors?.[0]?.message).toMatch(/The report has no file "x"; there are: .*report\.html/);
});

test('sets of grades are arms: the report shows where they change the volume', async () => {
  const featureSets = [
    { name: 'preferred reading', overrides: [] },
    { name: 'without KL', overrides: [{ feature: 'XRKL', grade: null }] },
  ];
  const { id, arms } = await evaluate({ steps: [2], sliceCounts: [4], featureSets });
  await follow(id);
  const { report } = await finished(id);
  const compartments = report.tables.find(({ name }) => name === 'compartments')!;

  expect(arms.map(({ label }) => label)).toEqual(['preferred reading', 'without KL']);
  expect(report.charts.at(-1)!.name).toBe('compartments');
  expect(report.sheets.map(({ name }) => name)).toEqual(['slices', 'grades']);
  expect(compartments.rows.map(([, region]) => region)).toContain('medial femur');
  expect(compartments.rows.every((row) => row.at(-1) === '3')).toBe(true);
});

test('a volume that fails is counted and named, and the others are compared', async () => {
  const { exam, radiograph } = await createExam(api, { mri: true, kl: 1 });
  await api.dataSource.query('UPDATE asset SET storage_key = $1 WHERE id = $2', ['00/00', radiograph.assetId]);
  const where = { id: { in: [encodeId('KneeExam', exam.id)] } };
  const alone = await evaluate({ steps: [1], sliceCounts: [3], where });
  const events = await follow(alone.id);
  await api.dataSource.query('UPDATE asset SET storage_key = left(sha256, 2) || $1 || sha256', ['/']);

  expect(events.at(-1)).toMatchObject({ state: 'FAILED' });
  expect((await finished(alone.id)).error).toMatch(/^No volume of the arm "tiny-bundle@1.0.0" could be scored/);

  const again = await evaluate({ steps: [1], sliceCounts: [3], where });
  expect(again).toMatchObject({ id: alone.id, state: 'QUEUED' });
  const rest = await follow(alone.id, events.at(-1)!.seq);
  expect(rest.at(-1)).toMatchObject({ state: 'SUCCEEDED' });
  expect(rest[0]!.seq).toBe(events.at(-1)!.seq + 1);
});

test('a canceled evaluation stops the volumes that it asked for', async () => {
  const { id } = await evaluate({ steps: [40], sliceCounts: [60] });
  while ((await api.dataSource.manager.countBy(Generation, { sliceCount: 60 })) === 0) await finished(id);
  const canceled = await api.ask<{ cancelEvaluation: { evaluation: Told } }>(
    'mutation ($id: ID!) { cancelEvaluation(input: { id: $id }) { evaluation { id state } } }',
    { id },
  );
  const events = await follow(id);

  expect(only(canceled).cancelEvaluation.evaluation.state).toBe('CANCELED');
  expect(events.at(-1)).toMatchObject({ state: 'CANCELED' });
  const left = await api.dataSource.manager.findBy(Generation, { sliceCount: 60 });
  for (const { state, cancelRequested } of left) expect(state === 'CANCELED' || cancelRequested).toBe(true);
  const audited = await api.dataSource.getRepository(AuditEntry).findBy({ action: 'cancelEvaluation' });
  expect(audited).toHaveLength(1);
});

test.each([
  [{ bundles: [] }, 'bundles must name at least one bundle.'],
  [{ bundles: ['none'] }, 'There is no bundle none'],
  [{ steps: [0] }, 'steps is 0; it must be a whole number from 1 to 2000.'],
  [{ sliceCounts: [1] }, 'sliceCount is 1; it must be a whole number from 2 to 500.'],
  [{ steps: [1, 1] }, 'The arm "tiny-bundle@1.0.0" is asked for twice.'],
  [{ steps: Array.from({ length: 25 }, (_, index) => index + 1) }, 'make 25 arms; at most 24 are accepted.'],
  [{ seed: -1 }, 'seed is -1; it must be a whole number from 0 to 2147483647.'],
  [{ where: { kl: { eq: 3 } } }, 'none of which has both a radiograph and an imported coronal T1 FLASH series'],
  [{ cohortVersion: 1 }, 'cohortVersion is a version of the cohort that cohortId names; give both.'],
  [
    { featureSets: [{ name: ' ', overrides: [] }] },
    'The feature set "" needs a name of its own with 1 to 60 characters.',
  ],
])('%j is refused with a sentence', async (input, sentence) => {
  const { errors } = await api.ask(EVALUATE, { input: { bundles: ['tiny-bundle'], ...input } });

  expect(errors?.[0]?.message).toContain(sentence);
});

test('an evaluation whose server was killed is taken up by another one, and its log has no gap', async () => {
  const input = { bundles: ['tiny-bundle'], steps: [1, 2], sliceCounts: [5], where: { kl: { eq: 4 } } };
  const { id } = only(await api.ask<{ evaluateBundles: { evaluation: Told } }>(EVALUATE, { input })).evaluateBundles
    .evaluation;
  const key = Buffer.from(id, 'base64url').toString().split(':')[1]!;
  while ((await finished(id)).state === 'QUEUED');
  // What a server that is killed leaves behind: a heartbeat that grows old, and an attempt whose writes must not count any more.
  await api.dataSource.query(
    `UPDATE evaluation SET attempt = attempt + 1, heartbeat_at = now() - interval '1 hour' WHERE id = $1 AND state = 'RUNNING'`,
    [key],
  );
  const events = await follow(id);

  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.map(({ done }) => done).filter(Boolean)).toEqual([1, 2]);
  expect(events.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(1);
  expect(events.filter(({ state }) => state === 'RUNNING').length).toBeGreaterThan(1);
});
