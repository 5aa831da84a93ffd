import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { type DicomwebServer, startDicomwebServer } from '../helpers/dicomweb.js';
import { runProgram } from '../helpers/program.js';
import { pythonWith } from '../helpers/python.js';
import { bilateralDicom } from '../helpers/radiographs.js';

const python = pythonWith(['dicomweb_client', 'pydicom', 'numpy']);
const needsPython = python ? test : test.skip;

let api: DicomwebServer;

beforeAll(async () => {
  api = await startDicomwebServer();
});

afterAll(() => api.close());

/** Pixels of a slice of the series that the server holds, as its file has them; pydicom digests them so. */
function digestOfFile(slice: number): string {
  const script =
    'import hashlib, pydicom, sys; print(hashlib.sha256(pydicom.dcmread(sys.argv[1]).pixel_array.tobytes()).hexdigest())';
  return execFileSync(python!, ['-c', script, join(api.files.path, 'scan', String(slice))], {
    encoding: 'utf8',
  }).trim();
}

needsPython('dicomweb-client searches, retrieves, looks and stores, and pydicom reads what it gets', async () => {
  const elements = { StudyInstanceUID: '1.2.840.77.1', SeriesInstanceUID: '1.2.840.77.1.1', InstanceNumber: 1 };
  const film = await api.files.write('sent.dcm', bilateralDicom(elements));
  const script = join(packageRoot, 'test/helpers/ask-dicomweb.py');

  const told = await runProgram(python!, [script, `${api.url}/dicomweb`, api.tokens.OPERATOR, film]);

  const answer = JSON.parse(told) as Record<string, unknown> & { instances: string[]; pixels: string[] };
  const digests = [2, 1, 0].map(digestOfFile);
  expect(answer).toEqual({
    series: answer.instances,
    instances: answer.instances,
    positions: [-57, -58.5, -60].map((back) => [-80, back, 80]),
    pixels: digests,
    one: digests[0],
    patient: '9000001',
    metadata: answer.instances,
    same: [[], [], []],
    frame: digests[0],
    bulk: digests[0],
    study: 3,
    png: '89504e470d0a1a0a',
    none: [],
    stored: { failed: 0, uid: true, pixels: true, patient: 'UPLOADED', words: false },
  });
  expect(new Set(answer.instances).size).toBe(3);
  expect(createHash('sha256').update(Buffer.alloc(128)).digest('hex')).not.toBe(answer.pixels[0]);
});
