import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { generatedVolume, storedPixels } from '../../src/imaging/generated-volume.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { trainedStack } from '../../src/imaging/normalise.js';
import { centredAffine, type Volume } from '../../src/imaging/volume.js';
import { runCommand } from '../helpers/command.js';
import { patternImage } from '../metrics/patterns.js';

let folder: string;
let real: string;
let generated: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-score-'));
  real = join(folder, 'real.nii.gz');
  generated = join(folder, 'generated.nii.gz');
  const volume = series();
  await writeFile(real, await encodeNifti(volume, 'test'));
  const slices = trainedStack(volume, { sliceCount: 8 }).map(storedPixels);
  await writeFile(generated, await encodeNifti(generatedVolume(slices), 'test'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** 80 coronal slices of 1.5 mm: the rings of the golden values, a little wider on each. */
function series(): Volume {
  const data = new Uint16Array(80 * 256 * 256);
  const ring = patternImage('rings', 256, 256, 0).data;
  for (let slice = 0; slice < 80; slice++) {
    data.set(
      Uint16Array.from(ring, (value) => value * (800 + 2 * slice)),
      slice * 65_536,
    );
  }
  const spacing = [0.625, 0.625, 1.5] as const;
  return {
    columns: 256,
    rows: 256,
    slices: 80,
    data,
    spacing,
    affine: centredAffine('CORONAL', [256, 256, 80], spacing),
    placement: 'SCANNER',
  };
}

test('a volume that is the real one, rounded to 16 bits, scores as well as can be', async () => {
  const kid = join(packageRoot, 'test/golden/backbones/features.onnx');
  const { code, stdout, stderr } = await runCommand([
    ...['score', '--real', real, '--generated', generated, '--fid', kid, '--kid', kid, '--json'],
  ]);
  expect([code, stderr]).toEqual([0, '']);
  const result = JSON.parse(stdout) as {
    metrics: { metric: string; count: number; median: number }[];
    sets: Record<string, { value: number; realImages: number; warning: string | null }>;
  };
  const medians = Object.fromEntries(result.metrics.map(({ metric, median }) => [metric, median]));
  expect(medians['PSNR, dB']).toBeGreaterThan(90);
  for (const metric of ['SSIM', 'RSSIM', 'multi-scale SSIM', 'acutance', 'volume SSIM']) {
    expect(medians[metric]).toBeCloseTo(1, 4);
  }
  expect(medians['adjacent correlation, real']).toBeCloseTo(medians['adjacent correlation, generated']!, 6);
  expect(result.sets['FID']!.value).toBeCloseTo(0, 6);
  expect(result.sets['FID']!.warning).toMatch(/FID of 8 images is biased upwards/);
  expect(result.sets['KID']!.realImages).toBe(8);
});

test('beside the scores stand those of the real series mirrored, three slices away, and of black', async () => {
  const { stdout } = await runCommand(['score', '--real', real, '--generated', generated, '--side', 'R', '--json']);
  const { references } = JSON.parse(stdout) as {
    references: { reference: string; metrics: { metric: string; count: number; median: number }[] }[];
  };

  expect(references.map(({ reference }) => reference)).toEqual([
    'own series, mirrored',
    'own series, three slices away',
    'black',
  ]);
  const [mirrored, away, black] = references.map(({ metrics }) =>
    Object.fromEntries(metrics.map(({ metric, median }) => [metric, median])),
  );
  expect(mirrored!['sharpness ratio']).toBeCloseTo(1, 4);
  expect(away!['PSNR, dB']).toBeGreaterThan(mirrored!['PSNR, dB']!);
  expect(black).toMatchObject({ 'edge F1, joint': 0, 'sharpness ratio': 0 });
  for (const { metrics } of references) expect(metrics[0]).toMatchObject({ metric: 'PSNR, dB', count: 8 });
});

test('in whichever order a file keeps the voxels of the real series, it scores the same', async () => {
  const volume = series();
  const turned = join(folder, 'turned.nii.gz');
  // Stored to the right, to the front and to the head instead of to the left, to the feet and to the front.
  await writeFile(turned, await encodeNifti(rightFrontUp(volume), 'test'));
  const scores = async (file: string) =>
    (await runCommand(['score', '--real', file, '--generated', generated, '--json'])).stdout;
  expect(await scores(turned)).toBe(await scores(real));
});

test('without --json it prints quartiles, and in which mode SSIM is', async () => {
  const { stdout } = await runCommand(['score', '--real', real, '--generated', generated, '--ssim', 'wang']);
  expect(stdout).toMatch(/^metric +n +lower +median +upper +\(quartiles; SSIM mode wang\)$/m);
  expect(stdout).toMatch(/^RSSIM +8 +1\.000 +1\.000 +1\.000$/m);
});

test('a real series of another plane, and one that does not say how it lies, are refused with one sentence', async () => {
  const volume = series();
  const size = [256, 256, 80] as const;
  const sagittal = { ...volume, affine: centredAffine('SAGITTAL', size, volume.spacing) };
  for (const [other, sentence] of [
    [sagittal, /other\.nii\.gz is a sagittal series; a coronal one can be compared with coronal slices\.\n$/],
    [{ ...volume, placement: 'UNKNOWN' }, /other\.nii\.gz does not say how it lies in the patient: .*\.\n$/],
  ] as const) {
    const file = join(folder, 'other.nii.gz');
    await writeFile(file, await encodeNifti(other, 'test'));
    const { code, stderr } = await runCommand(['score', '--real', file, '--generated', generated]);
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
  }
});

test('without a real series, a film says whether the volume shows its joint', async () => {
  const film = join(packageRoot, 'test/golden/films/negative-R.png');
  const { code, stdout } = await runCommand([
    ...['score', '--film', film, '--side', 'R', '--generated', generated, '--json'],
  ]);
  const { metrics, references } = JSON.parse(stdout) as {
    metrics: { metric: string; count: number }[];
    references: [];
  };

  expect([code, references]).toEqual([0, []]);
  expect(metrics.map(({ metric }) => metric)).toEqual(
    expect.arrayContaining(['joint lines, medial', 'joint lines, lateral', 'joint slope of the film, mm']),
  );
  for (const { count } of metrics) expect(count).toBe(1);
});

test.each([
  ['nothing to hold a volume to', [], 'Give --real, --film, or both'],
  ['a film of no side', ['--film', 'a.png'], '--film needs --side, R or L'],
  ['fewer films than volumes', ['--film', 'a.png', 'b.png', '--side', 'R'], '--film names 2 files and --generated 1'],
  ['a distance to no real slices', ['--film', 'a.png', '--side', 'R', '--kid'], 'give --real.'],
])('%s is refused with one sentence', async (_, args, sentence) => {
  const { code, stdout, stderr } = await runCommand(['score', '--generated', generated, ...args]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(sentence);
  expect(stderr).toMatch(/^osteograph: [^\n]+\n$/);
});

test.each([
  [
    'another number of files',
    ['a.nii.gz', 'b.nii.gz'],
    /--real names 1 files and --generated 2; give as many of one as of the other/,
  ],
  ['a file that is not there', ['none.nii.gz'], /none\.nii\.gz cannot be read\./],
  ['a file of another kind', [join(packageRoot, 'README.md')], /README\.md is not a NIfTI-1 file/],
  [
    'no network',
    ['a.nii.gz', '--lpips'],
    /LPIPS needs a network that is not shipped: name an ONNX file that takes two/,
  ],
])('%s is refused with one sentence', async (_, args, sentence) => {
  const { code, stdout, stderr } = await runCommand(['score', '--real', real, '--generated', ...args]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(sentence);
  expect(stderr).toMatch(/^osteograph: [^\n]+\n$/);
});

/** The volume with its columns turned round, slices as rows and rows, turned round, as slices. */
function rightFrontUp({ data, affine, ...shape }: Volume): Volume {
  const { columns, rows, slices, spacing } = shape;
  const turned = new Uint16Array(data.length);
  let to = 0;
  for (let up = rows - 1; up >= 0; up--)
    for (let slice = 0; slice < slices; slice++)
      for (let column = columns - 1; column >= 0; column--)
        turned[to++] = data[(slice * rows + up) * columns + column]!;
  const [x, y, z] = [affine[3], affine[7], affine[11]];
  return {
    ...shape,
    rows: slices,
    slices: rows,
    data: turned,
    spacing: [spacing[0], spacing[2], spacing[1]],
    affine: [
      ...([spacing[0], 0, 0, x - spacing[0] * (columns - 1)] as const),
      ...([0, spacing[2], 0, y] as const),
      ...([0, 0, spacing[1], z - spacing[1] * (rows - 1)] as const),
    ],
  };
}
