import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { createExam } from '../helpers/platform.js';
import { runProgram } from '../helpers/program.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await createExam(api, { mri: true });
  const participant = await api.make.participant({ oaiId: '9000001', sex: 'FEMALE' });
  const [before, after] = [
    await api.make.visit(participant, { code: 'V00' }),
    await api.make.visit(participant, { code: 'V06' }),
  ];
  await api.make.exam(before, { grades: { XRKL: 2 } });
  await api.make.exam(after, { grades: { XRKL: 3 } });
  const prosthesis = await api.make.exam(before, { side: 'LEFT', preferredProject: '15' });
  await api.make.reading(prosthesis, { missing: { XRKL: '.P' } });
});

afterAll(() => api.close());

test('the typed client runs against a real server', async () => {
  const printed = await runProgram(process.execPath, [join(packageRoot, 'examples/node/first-ten-minutes.ts')], {
    OSTEOGRAPH_URL: api.url,
    OSTEOGRAPH_TOKEN: api.tokens.READER,
  });

  expect(printed).toMatch(/^KL 2, FEMALE: 1$/m);
  expect(printed).toMatch(/^1 knees have a higher grade at 48 months than at baseline$/m);
  expect(printed).toMatch(/^reasons for missing grades: \{"\.P":1\}$/m);
  expect(printed).toMatch(/^COR_T1_3D_FLASH_RIGHT: (\d+) of \1 bytes of NIfTI$/m);
});
