import type { Bundle } from '../../src/entities/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { StatementLog } from '../helpers/statements.js';

const log = new StatementLog();
let api: TestServer;

beforeAll(async () => {
  api = await startTestServer({ logger: log });
  await makeExams(api, 60);
  // From now on the token is known, and costs no statement.
  await api.ask('{ viewer { name } }');
});

afterAll(() => api.close());

const EVERYTHING = `query ($first: Int) {
  kneeExams(first: $first) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      cursor
      node {
        id side kl preferredProject womacPain
        participant { id oaiId sex site }
        visit { id code age bmi }
        grades { feature grade missing missingReason }
        readings { id project version grades { feature grade missing } }
        radiograph { id view image { url mediaType bytes } }
        radiographs { barcode image { sha256 } }
        mriSeries { id sequence volume { url } }
        generated: mriSeries(synthetic: true) { id volume { url } generation { id state } }
        generations(first: 3) {
          totalCount
          nodes {
            id state requestedBy features { feature grade }
            bundle { name version }
            mriSeries { id sliceCount }
            slices { index psnr previewUrl }
          }
        }
      }
    }
  }
}`;

test('a page of 50 exams with everything nested takes as many statements as a page of 5', async () => {
  const small = await statementsOf(EVERYTHING, { first: 5 });
  const large = await statementsOf(EVERYTHING, { first: 50 });

  expect(large.exams).toBe(50);
  // Assets of films, of two kinds of volumes and of slices are asked for as each becomes known: together when that is at once.
  const [assets, others] = split(large.statements);
  expect(others).toEqual(split(small.statements)[1]);
  expect(others).toHaveLength(10);
  expect(assets.length).toBeLessThanOrEqual(4);
});

test('the page of the benchmark takes one statement: the token is known', async () => {
  const { statements } = await statementsOf(
    `query ($first: Int) { kneeExams(first: $first) { nodes {
      kl visit { code } readings { project kl } radiograph { barcode } mriSeries { sequence } } } }`,
    { first: 50 },
  );

  expect(statements.map((statement) => /FROM "?(\w+)/.exec(statement)![1])).toEqual([expect.anything()]);
});

test('nothing is counted and no page is read unless it is asked for', async () => {
  const counted = await statementsOf('{ kneeExams { totalCount } }');
  const read = await statementsOf('{ kneeExams { nodes { kl } pageInfo { hasNextPage } edges { cursor } } }');

  expect(counted.statements).toEqual([expect.stringContaining('count(*)')]);
  expect(read.statements).toHaveLength(1);
  expect(read.statements.join()).not.toContain('count(*)');
});

test('participants with visits, exams and their participants again take one statement per relation', async () => {
  const { statements } = await statementsOf(
    '{ participants(first: 30) { nodes { oaiId visits { code exams { kl participant { oaiId } } } exams { kl visit { code } } } } }',
  );

  expect(statements.length).toBeLessThanOrEqual(7);
});

async function statementsOf(
  query: string,
  variables: object = {},
): Promise<{ statements: string[]; exams: number | undefined }> {
  log.clear();
  const answer = await api.ask<{ kneeExams?: { edges?: unknown[] } }>(query, variables);
  expect(answer.errors).toBeUndefined();
  return { statements: log.statements, exams: answer.data!.kneeExams?.edges?.length };
}

/** Statements on assets and the others, without page sizes and in a fixed order: loaders run side by side. */
function split(statements: string[]): [string[], string[]] {
  const shapes = statements.map((statement) => statement.replace(/LIMIT \d+/, 'LIMIT n')).sort();
  return [shapes.filter((shape) => shape.includes('"asset"')), shapes.filter((shape) => !shape.includes('"asset"'))];
}

async function makeExams({ make }: TestServer, count: number): Promise<void> {
  const bundles: Bundle[] = [await make.bundle(), await make.bundle()];
  const token = await make.token();
  for (let index = 0; index < count / 2; index++) {
    const participant = await make.participant();
    const visit = await make.visit(participant);
    const film = await make.radiograph(visit, { assetId: (await make.asset()).id });
    for (const side of ['RIGHT', 'LEFT'] as const) {
      const exam = await make.exam(visit, { side, preferredProject: '15', grades: { XRKL: index % 5 } });
      await make.reading(exam, { project: '15', grades: { XRKL: index % 5 }, missing: { XRJSM: '.T' } });
      await make.reading(exam, { project: '37' });
      await make.series(exam, { assetId: (await make.asset()).id });
      const generation = await make.generation(exam, film, bundles[index % 2]!, {
        state: 'SUCCEEDED',
        requestedById: token.id,
      });
      await make.series(exam, { generationId: generation.id, assetId: (await make.asset()).id });
      for (const slice of [0, 1]) await make.slice(generation, await make.asset(), { index: slice, depth: slice });
    }
  }
}
