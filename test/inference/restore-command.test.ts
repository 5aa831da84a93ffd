import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { encodeDicom } from '../../src/imaging/dicom/write.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { decodePng, encodePng } from '../../src/imaging/png.js';
import { runCommand } from '../helpers/command.js';

const bundle = join(packageRoot, 'test/golden/tiny-restorer-bundle');
let folder: string;
const path = (name: string) => join(folder, name);
const restore = (...options: string[]) => runCommand(['restore', ...options, '--bundle', bundle, '--device', 'cpu']);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-restore-'));
  const grey = Uint16Array.from({ length: 96 * 80 }, (_, pixel) => 20_000 + ((pixel * 7_919) % 30_000));
  await writeFile(path('film.png'), encodePng({ rows: 96, columns: 80, data: grey }));
  await writeFile(
    path('eight.png'),
    encodePng({ rows: 96, columns: 80, data: Uint8Array.from(grey, (value) => value >> 8) }),
  );
  const mask = new Uint8Array(96 * 80);
  mask.fill(255, 40 * 80, 50 * 80);
  await writeFile(path('mask.png'), encodePng({ rows: 96, columns: 80, data: mask }));
  await writeFile(path('small.png'), encodePng({ rows: 80, columns: 80, data: mask.subarray(0, 6400) }));
  const dicom = encodeDicom({
    pixels: grey,
    rows: 96,
    columns: 80,
    photometric: 'MONOCHROME2',
    bitsStored: 16,
    sopClass: 'CR',
    sopInstanceUid: '2.25.1',
    elements: { PatientName: 'Doe^Jane', PatientID: '4711', Modality: 'CR', PixelSpacing: [0.4, 0.4] },
  });
  await writeFile(path('film.dcm'), dicom);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('a DICOM film is denoised to files that are marked and name no patient', async () => {
  const { code, stdout, stderr } = await restore(path('film.dcm'), '--denoise', '--out', path('denoised'));
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^Restored film\.dcm \(80 x 96 pixels; noise of \d+\.\d of 255 taken off, as estimated\) on cpu in \d+\.\d s\. SYNTHETIC/,
  );
  const png = await readFile(join(path('denoised'), 'restored.png'));
  expect(png.toString('latin1')).toContain('SYNTHETIC, restored by tiny-restorer 1.0.0');
  const written = await readFile(join(path('denoised'), 'restored.dcm'));
  expect(written.toString('latin1')).not.toMatch(/Doe|4711/);
  const { attributes, pixels } = await readDicom({ bytes: written, name: 'restored.dcm' });
  expect(attributes).toMatchObject({ synthetic: true, pixelSpacing: [0.4, 0.4], patientId: null });
  expect([...pixels]).toEqual([...decodePng(png).data]);
  expect((await readFile(join(path('denoised'), 'before-after.png'))).length).toBeGreaterThan(1_000);
});

test('a film of 8 bits is enlarged to 16 with the same white and greys between its own', async () => {
  const { code, stderr } = await restore(path('eight.png'), '--upscale', '2', '--out', path('enlarged'));
  expect([code, stderr]).toEqual([0, '']);
  const { rows, columns, data } = decodePng(await readFile(join(path('enlarged'), 'restored.png')));
  expect([rows, columns]).toEqual([192, 160]);
  expect(new Set(data).size).toBeGreaterThan(4_096);
  expect(Math.max(...data)).toBeGreaterThan(30_000);
});

test('what a mask leaves free keeps every grey', async () => {
  const { code } = await restore(path('film.png'), '--mask', path('mask.png'), '--out', path('filled'));
  expect(code).toBe(0);
  const before = decodePng(await readFile(path('film.png'))).data;
  const after = decodePng(await readFile(join(path('filled'), 'restored.png'))).data;
  expect([...after.subarray(0, 3_200)]).toEqual([...before.subarray(0, 3_200)]);
  expect([...after.subarray(4_000)]).toEqual([...before.subarray(4_000)]);
  expect([...after.subarray(3_200, 4_000)]).not.toEqual([...before.subarray(3_200, 4_000)]);
});

test.each([
  [[], 'One of --denoise, --upscale and --mask is needed; none is given.'],
  [
    ['--denoise', '--upscale', '2'],
    'One of --denoise, --upscale and --mask is needed; --denoise and --upscale are given.',
  ],
  [['--upscale', '2', '--sigma', '5'], '--sigma and --impulses say how noisy a film is; they go with --denoise.'],
  [['--denoise', '--sigma', '90'], 'The noise is 90; tiny-restorer was trained for 0 to 75.'],
  [['--mask', 'small.png'], 'The mask is 80 x 80 pixels and the film 80 x 96; they must be of one size.'],
])('%j is refused in one sentence, and nothing is written', async (options, sentence) => {
  const given = options.map((option) => (option === 'small.png' ? path('small.png') : option));
  const { code, stdout, stderr } = await restore(path('film.png'), ...given, '--out', path('refused'));
  expect([code, stdout, stderr]).toEqual([1, '', `osteograph: ${sentence}\n`]);
  await expect(readFile(join(path('refused'), 'restored.png'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('without a restorer among the models it says which there are', async () => {
  const { code, stderr } = await runCommand([
    'restore',
    path('film.png'),
    '--denoise',
    '--out',
    path('none'),
    '--models',
    folder,
  ]);
  expect([code, stderr]).toEqual([
    1,
    `osteograph: No bundle of the task image-restoration is ready in ${folder}; ready there: none.\n`,
  ]);
});
