import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { VISIT_CODES } from '../../src/domain/visits.js';
import { createClientProject } from '../helpers/client-project.js';
import { runProgram } from '../helpers/program.js';
import { hasRPackages, pythonWith } from '../helpers/python.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

const guide = readFileSync(join(packageRoot, 'docs/guides/data-scientist.md'), 'utf8');

/** Blocks of a language, those within lists too. */
function blocks(language: string): string[] {
  return [...guide.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\``, 'gms'))].map(([, indent, text]) =>
    text!.replaceAll(new RegExp(`^${indent!}`, 'gm'), ''),
  );
}

const python = pythonWith(['pandas']);
const testWithPython = python ? test : test.skip;
const testWithR = hasRPackages(['readr', 'jsonlite']) ? test : test.skip;
const CLIENT_FOR_R = ['cli', 'curl', 'httr2', 'jsonlite', 'openssl', 'png', 'readr', 'tibble'];
const testWithClientForR = hasRPackages(CLIENT_FOR_R) ? test : test.skip;

let api: TestServer;
let folder: string;

/** The release that the guide tells to make, and the variables that it defines. */
beforeAll(async () => {
  api = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-guide-'));
  await importSyntheticTables(api.dataSource, { participants: 500, seed: 1, visits: VISIT_CODES });
  await answerTo('Define');
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const environment = () => ({ OSTEOGRAPH_URL: api.url, OSTEOGRAPH_TOKEN: api.tokens.READER });

/** Operations of the guide by their names. */
const operations = new Map(blocks('graphql').map((text) => [/^\w+ (\w+)/.exec(text)![1]!, text]));

/** What an operation of the guide gives on that release; nothing in it is refused. */
async function answerTo(name: string, variables: object = {}): Promise<Record<string, unknown>> {
  const { data, errors } = await api.ask(operations.get(name)!, variables, api.tokens.READER);
  expect(errors).toBeUndefined();
  return data!;
}

test.each([...operations].filter(([, text]) => /^query \w+ \{/.test(text)).map(([name]) => name))(
  'the query %s of the guide is answered',
  async (name) => {
    expect(Object.values(await answerTo(name))).not.toContain(null);
  },
);

test.each(['Osteoarthritis', 'Progressors', 'IncidentAtAnyVisit', 'Readings'])(
  'the query %s finds knees in the release that the guide tells to make',
  async (name) => {
    const { kneeExams } = (await answerTo(name)) as { kneeExams: { totalCount: number } };

    expect(kneeExams.totalCount).toBeGreaterThan(0);
  },
);

test('the cohort of the guide is kept, counted and split', async () => {
  const { createCohort } = (await answerTo('Save')) as { createCohort: { cohort: { id: string; counts: Counts } } };
  const { id, counts } = createCohort.cohort;
  const left = (await answerTo('LeftKnees', { id })) as { kneeExams: { totalCount: number } };
  const split = (await answerTo('Split', { id })) as { splitCohort: { parts: Counts[] } };

  expect(counts.exams).toBeGreaterThan(3);
  expect(left.kneeExams.totalCount).toBeLessThan(counts.exams);
  expect(split.splitCohort.parts.reduce((sum, { exams }) => sum + exams, 0)).toBe(counts.exams);
});

interface Counts {
  exams: number;
}

test('the exports of the guide are taken on, and can be asked for', async () => {
  for (const name of ['Export', 'ExportPairs', 'TimesOfEachKnee']) {
    const { exportCohort } = (await answerTo(name)) as { exportCohort: { export: { id: string } } };
    const exported = (await answerTo('Exported', exportCohort.export)) as { export: { error: unknown } };

    expect(exported.export.error).toBeNull();
  }
});

test('knees change, get lost and are replaced in it', async () => {
  for (const name of ['Change', 'Lost']) {
    for (const told of Object.values(await answerTo(name))) {
      if ('totalCount' in (told as object)) expect((told as { totalCount: number }).totalCount).toBeGreaterThan(0);
      else expect((told as unknown[]).length).toBeGreaterThan(1);
    }
  }
});

test('the program for Node prints the counts that the API tells', async () => {
  const project = await createClientProject();
  try {
    const [program] = blocks('ts');
    await writeFile(join(project.folder, 'counts.ts'), program!);
    expect(await project.check('counts.ts')).toBe('');
    const printed = await runProgram(process.execPath, [join(project.folder, 'counts.ts')], environment());
    const counted = [...printed.matchAll(/^KL (\w+), (\w+): (\d+)$/gm)];

    expect(counted.reduce((sum, [, , , exams]) => sum + Number(exams), 0)).toBe(1_000);
    expect(new Set(counted.map(([, , sex]) => sex))).toEqual(new Set(['MALE', 'FEMALE']));
  } finally {
    await project.remove();
  }
});

testWithClientForR('the programs for R that use its client run one after the other', async () => {
  const own = blocks('r').filter((text) => /\bserver\b|\bworn\b/.test(text));
  await runProgram('R', ['CMD', 'INSTALL', '--no-docs', `--library=${folder}`, join(packageRoot, 'clients/r')]);
  await writeFile(join(folder, 'guide.R'), `${own.join('\n')}\ncat(nrow(over_time) > 100, onset$tests$test[1])\n`);

  expect(await runProgram('Rscript', ['guide.R'], { ...environment(), R_LIBS: folder }, folder)).toMatch(
    /^TRUE log_rank$/m,
  );
});

/** Writes baseline.csv and what comes beside it, as the command line does. */
async function writeBaseline(): Promise<void> {
  const asked = { where: { visit: { eq: 'V00' } } };
  const post = (path: string) =>
    fetch(api.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
  await writeFile(join(folder, 'baseline.csv'), await (await post('/exports')).text());
  await writeFile(join(folder, 'baseline.csv.manifest.json'), await (await post('/exports/dictionary')).text());
}

testWithPython('the program that reads a CSV by its dictionary gives pandas its types', async () => {
  await writeBaseline();
  const program = blocks('python').find((text) => text.includes('baseline.csv.manifest.json'))!;
  await writeFile(
    join(folder, 'baseline.py'),
    `${program}\nprint(len(knees), knees.xrkl.dtype, knees.visit_date.dtype)\n`,
  );

  expect(await runProgram(python!, ['baseline.py'], {}, folder)).toMatch(/^1000 Int32 datetime64\[\w+\]$/m);
});

testWithR('the program that reads a CSV by its dictionary gives R its types', async () => {
  await writeBaseline();
  const program = blocks('r').find((text) => text.includes('baseline.csv.manifest.json'))!;
  await writeFile(
    join(folder, 'baseline.R'),
    `${program}\ncat(nrow(knees), class(knees$xrkl), class(knees$visit_date))\n`,
  );

  expect(await runProgram('Rscript', ['baseline.R'], {}, folder)).toMatch(/^1000 integer Date$/m);
});
