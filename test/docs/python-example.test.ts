import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { createExam } from '../helpers/platform.js';
import { runProgram } from '../helpers/program.js';
import { pythonWith } from '../helpers/python.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

const MODULES = ['gql', 'requests', 'pandas', 'pyarrow', 'nibabel'];
const python = pythonWith(MODULES);

let api: TestServer;

beforeAll(async () => {
  if (!python) {
    console.warn(`No Python with ${MODULES.join(', ')} was found; set OSTEOGRAPH_PYTHON to one to run the example.`);
    return;
  }
  api = await startTestServer();
  await createExam(api, { mri: true });
  for (const [index, kl] of [2, 3, 3, 4].entries()) {
    const visit = await api.make.visit(await api.make.participant({ oaiId: `900000${index}`, phantom: false }));
    await api.make.exam(visit, { grades: { XRKL: kl } });
  }
});

afterAll(() => api?.close());

(python ? test : test.skip)('a notebook’s first ten minutes run against a real server', async () => {
  const printed = await runProgram(python!, [join(packageRoot, 'examples/python/first_ten_minutes.py')], {
    OSTEOGRAPH_URL: api.url,
    OSTEOGRAPH_TOKEN: api.tokens.READER,
  });

  expect(printed).toMatch(/^4 knees$/m);
  expect(printed).toMatch(/^cohort 'KL 2-3 at baseline', version 1: /m);
  expect(printed).toMatch(/^xrkl +integer +\w+ +Kellgren-Lawrence grade/m);
  expect(printed).toMatch(/^4 knees of women at baseline$/m);
  expect(printed).toMatch(/^COR_T1_3D_FLASH_RIGHT: \(64, 64, 80\) voxels of /m);
});
