import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { runProgram } from '../helpers/program.js';
import { pythonWith } from '../helpers/python.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

/** The guide's program, which reads an export, and its queries. */
const guide = readFileSync(join(packageRoot, 'docs/guides/data-scientist.md'), 'utf8');
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text!);
const program = blocks('python').find((text) => /sm\.GEE/.test(text))!;
const queryNamed = (name: string) => blocks('graphql').find((text) => text.startsWith(`query ${name} {`))!;

const MODULES = ['pandas', 'statsmodels'];
const python = pythonWith(MODULES);

let api: TestServer;
let folder: string;

beforeAll(async () => {
  if (!python)
    console.warn(`No Python with ${MODULES.join(', ')} was found; set OSTEOGRAPH_PYTHON to one to run the example.`);
  api = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-statistics-'));
  const visits = ['V00', 'V06'] as const;
  await importSyntheticTables(api.dataSource, { participants: 200, seed: 6, visits });
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

(python ? test : test.skip)(
  'statsmodels finds in an export the intervals that the API tells, by the program of the guide',
  async () => {
    const response = await fetch(`${api.url}/exports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
      body: JSON.stringify({ columns: ['sex', 'xrkl'], where: { visit: { eq: 'V00' } } }),
    });
    await writeFile(join(folder, 'knees.csv'), await response.text());
    const whole = `import os, sys, json\nos.chdir(sys.argv[1])\n${program}\nprint(json.dumps(intervals))\n`;
    await writeFile(join(folder, 'program.py'), whole);

    const seen = JSON.parse(await runProgram(python!, [join(folder, 'program.py'), folder])) as Record<
      string,
      number[]
    >;
    const { data, errors } = await api.ask<{
      kneePrevalence: { values: { value: string }[]; lower: number; upper: number }[];
    }>(queryNamed('Prevalence'));

    expect(errors).toBeUndefined();
    const told = data!.kneePrevalence.map(({ values, lower, upper }) => [values[0]!.value, [lower, upper]]);
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(
        Object.entries(seen).map(([sex, ends]) => [sex, ends.map((end) => expect.closeTo(end, 6) as number)]),
      ),
    );
  },
);

test.each(['Changes', 'Pairs'])('the query %s of the guide is answered', async (name) => {
  const { data, errors } = await api.ask(queryNamed(name));

  expect(errors).toBeUndefined();
  expect(Object.keys(data!).length).toBeGreaterThan(1);
});
