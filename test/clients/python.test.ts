import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { createExam } from '../helpers/platform.js';
import { runProgram } from '../helpers/program.js';
import { CLIENT_FOLDER, CLIENT_MODULES, pythonWith } from '../helpers/python.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';

const MODULES = [...CLIENT_MODULES, 'IPython', 'pytest'];
const python = pythonWith(MODULES);
const itRuns = python ? test : test.skip;

let api: TestServer;
let folder: string;

beforeAll(async () => {
  if (!python) {
    console.warn(`No Python with ${MODULES.join(', ')} was found; set OSTEOGRAPH_PYTHON to one to test the client.`);
    return;
  }
  api = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-python-'));
  await importSyntheticTables(api.dataSource, { participants: 60, seed: 4, visits: ['V00', 'V03', 'V06'] });
  await createExam(api, { mri: true });
  await cp(TINY_BUNDLE, join(folder, 'models/tiny-bundle/1.0.0'), { recursive: true });
  await registerBundles(api.dataSource, join(folder, 'models'));
});

afterAll(async () => {
  if (!python) return;
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** A suite of its own, with phantoms to draw and a release to import: a minute, and ten times that on a loaded machine. */
const SUITE_MS = 1_200_000;

itRuns(
  'the client passes its own tests, against a server that they start',
  async () => {
    const printed = await runProgram(python!, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], {}, CLIENT_FOLDER);

    expect(printed).toMatch(/^\d+ passed/m);
  },
  SUITE_MS,
);

/** Programs of the pages that use the client: one after the other they are one program. */
async function programOf(page: string): Promise<string> {
  const text = await readFile(join(packageRoot, page), 'utf8');
  const blocks = [...text.matchAll(/^```python\n(.*?)^```/gms)].map(([, block]) => block!);
  return blocks.filter((block) => /\bserver\b|osteograph/.test(block)).join('\n');
}

itRuns.each(['clients/python/README.md', 'docs/guides/data-scientist.md'])(
  'what %s shows runs as it is',
  async (page) => {
    await writeFile(join(folder, 'pairs.csv'), 'ID,SIDE,visit\n1000001,1: Right,V00\n1000002,2: Left,V00\n');
    await writeFile(join(folder, 'page.py'), `${await programOf(page)}\nprint('to the end')\n`);
    const env = { OSTEOGRAPH_URL: api.url, OSTEOGRAPH_TOKEN: api.tokens.OPERATOR, PYTHONPATH: CLIENT_FOLDER };

    expect(await runProgram(python!, ['page.py'], env, folder)).toMatch(/^to the end$/m);
  },
);
