import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { createExam } from '../helpers/platform.js';
import { runProgram } from '../helpers/program.js';
import { CLIENT_FOLDER, CLIENT_MODULES, pythonWith } from '../helpers/python.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

const python = pythonWith(CLIENT_MODULES);

let api: TestServer;

beforeAll(async () => {
  if (!python) {
    console.warn(
      `No Python with ${CLIENT_MODULES.join(', ')} was found; set OSTEOGRAPH_PYTHON to one to run the example.`,
    );
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
    PYTHONPATH: CLIENT_FOLDER,
  });

  expect(printed).toMatch(/^4 knees$/m);
  expect(printed).toMatch(/^<Cohort 'KL 2-3 at baseline', version 1>$/m);
  expect(printed).toMatch(/^xrkl +integer +\w+ +Kellgren-Lawrence grade/m);
  expect(printed).toMatch(/^0 of 0 knees are worse at 48 months$/m);
  expect(printed).toMatch(/^womacPain +WOMAC pain, 0 \(none\) to 20 +NUMBER +\S+ +KNEE_EXAM$/m);
  expect(printed).toMatch(/^film of \d{7}: \(256, 256\) pixels of None mm, \d+ to \d+$/m);
  expect(printed).toMatch(/^COR_T1_3D_FLASH_RIGHT: \(64, 64, 80\) voxels of 2.5 x 2.5 x 1.5 mm$/m);
});
