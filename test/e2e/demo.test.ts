import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { decodePng, encodePng } from '../../src/imaging/png.js';
import { runCommand } from '../helpers/command.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-demo-test-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the demo goes from an empty folder to a scored volume and says where it is', async () => {
  const args = ['--dir', folder, '--participants', '40', '--images', '1', '--slices', '12', '--steps', '4'];
  const { code, stdout, stderr } = await runCommand(['demo', ...args, '--device', 'cpu']);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('All of this is synthetic');
  expect(stdout).toMatch(/40 synthetic participants, films and MRI of 1/);
  expect(stdout).toMatch(/\n\s+KL\s+women\s+men\s+knees\n/);
  expect(stdout).toMatch(/PSNR {2}\d+\.\d dB/);
  expect(stdout).toContain(join(folder, 'volume.nii.gz'));
  const { volume, description } = await decodeNifti(await readFile(join(folder, 'volume.nii.gz')));
  expect([volume.columns, volume.rows, volume.slices]).toEqual([256, 256, 12]);
  expect(new Set(volume.data).size).toBeGreaterThan(1000);
  expect(description).toMatch(/^SYNTHETIC/);
  expect((await stat(join(folder, 'montage.png'))).size).toBeGreaterThan(100_000);
});

test('generate turns one radiograph into a volume, slices and a montage without a database', async () => {
  const film = join(folder, 'knee.png');
  const data = Uint8Array.from(
    { length: 224 * 224 },
    (_, i) => 128 + 100 * Math.sin(i / 224 / 20) * Math.cos((i % 224) / 30),
  );
  await writeFile(film, encodePng({ rows: 224, columns: 224, data }));
  const out = join(folder, 'volume');

  const { code, stderr, stdout } = await runCommand([
    'generate',
    '--xray',
    film,
    '--side',
    'L',
    '--kl',
    '2',
    '--feature',
    'XRCHL=1',
    '--slices',
    '3',
    '--steps',
    '2',
    '--out',
    out,
  ]);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('SYNTHETIC: not a patient image');
  const slice = decodePng(await readFile(join(out, 'slices', '1.png')));
  expect([slice.rows, slice.columns]).toEqual([256, 256]);
  expect((await decodeNifti(await readFile(join(out, 'volume.nii.gz')))).volume.slices).toBe(3);
});

test.each([
  [['--xray', 'nothing.png', '--side', 'R', '--out', 'x'], /nothing\.png/],
  [['--xray', 'a.png', '--side', 'X', '--out', 'x'], /It must be R or L/],
  [['--xray', 'a.png', '--side', 'R', '--kl', '7', '--out', 'x'], /XRKL must be a grade from 0 to 4, got "7"/],
  [['--xray', 'a.png', '--side', 'R', '--feature', 'KL=1', '--out', 'x'], /"KL" is not a feature/],
])('generate %j is refused in one sentence', async (args, sentence) => {
  const { code, stderr } = await runCommand(['generate', ...args]);

  expect(code).toBe(1);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(sentence);
});
