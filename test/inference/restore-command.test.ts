import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
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
  await writeFile(path('film.dcm'), dicomFilm());
});

function dicomFilm(elements: object = {}): Uint8Array {
  const pixels = Uint16Array.from({ length: 96 * 80 }, (_, pixel) => 20_000 + ((pixel * 7_919) % 30_000));
  return encodeDicom({
    pixels,
    rows: 96,
    columns: 80,
    photometric: 'MONOCHROME2',
    bitsStored: 16,
    sopClass: 'CR',
    sopInstanceUid: '2.25.1',
    elements: { PatientName: 'Doe^Jane', PatientID: '4711', Modality: 'CR', PixelSpacing: [0.4, 0.4], ...elements },
  });
}

function meanGrey(png: Uint8Array): number {
  const data = Float64Array.from(decodePng(png).data);
  return data.reduce((sum, value) => sum + value, 0) / data.length;
}

/** The film as another program writes it. */
function picture(grey: Uint16Array, bits: 8 | 16): Sharp {
  const data = bits === 8 ? Uint8Array.from(grey, (value) => value >> 8) : grey;
  const raw = { raw: { width: 80, height: 96, channels: 1 as const } };
  const image = sharp(data, raw);
  return bits === 8 ? image.toColourspace('b-w') : image.toColourspace('grey16');
}

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

test.each([
  ['an 8-bit TIFF', 'eight.tif', (grey: Uint16Array) => picture(grey, 8).tiff({ compression: 'none' })],
  ['a JPEG', 'eight.jpg', (grey: Uint16Array) => picture(grey, 8).jpeg({ quality: 100 })],
  ['a 16-bit TIFF', 'sixteen.tif', (grey: Uint16Array) => picture(grey, 16).tiff({ compression: 'none' })],
])('%s keeps its look on 16 bits', async (_, name, encoded) => {
  const grey = Uint16Array.from({ length: 96 * 80 }, (_, pixel) => 20_000 + ((pixel * 7_919) % 30_000));
  await encoded(grey).toFile(path(name));
  const { code, stderr } = await restore(path(name), '--denoise', '--sigma', '5', '--out', path(`of-${name}`));
  expect([code, stderr]).toEqual([0, '']);
  // The same film as a 16-bit PNG becomes a film of this mean.
  expect(meanGrey(await readFile(join(path(`of-${name}`), 'restored.png'))) / 39_727).toBeCloseTo(1, 2);
});

test('a film whose greys are no whole numbers keeps all of them apart', async () => {
  await writeFile(
    path('fractions.dcm'),
    dicomFilm({ RescaleSlope: '0.001', RescaleIntercept: '-30', RescaleType: 'US' }),
  );
  const { code, stderr } = await restore(path('fractions.dcm'), '--upscale', '2', '--out', path('fractions'));
  expect([code, stderr]).toEqual([0, '']);
  const { data } = decodePng(await readFile(join(path('fractions'), 'restored.png')));
  expect(new Set(data).size).toBeGreaterThan(4_096);
});

test('another result has other UIDs, and the same one the same', async () => {
  const uidOf = async (out: string, ...options: string[]) => {
    const asked = ['--denoise', '--sigma', '20', ...options, '--out', path(out)];
    expect((await restore(path('film.dcm'), ...asked)).code).toBe(0);
    const bytes = await readFile(join(path(out), 'restored.dcm'));
    return (await readDicom({ bytes, name: out })).attributes.sopInstanceUid;
  };
  const [one, two] = [await uidOf('seed-1', '--seed', '1'), await uidOf('seed-2', '--seed', '2')];
  expect(one).not.toBe(two);
  expect(await uidOf('seed-1-again', '--seed', '1')).toBe(one);
});

test('a folder that is used again holds one result and nothing of the one before', async () => {
  expect((await restore(path('film.dcm'), '--denoise', '--out', path('again'))).code).toBe(0);
  expect(await readdir(path('again'))).toContain('restored.dcm');
  await writeFile(path('again/notes.txt'), 'mine');
  expect((await restore(path('film.png'), '--denoise', '--out', path('again'))).code).toBe(0);
  expect((await readdir(path('again'))).sort()).toEqual(['before-after.png', 'notes.txt', 'restored.png']);
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
