import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FEATURE_CODES } from '../../src/domain/features.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { readGradients } from '../../src/imaging/superres/gradients.js';
import { sampleSlices } from '../../src/imaging/superres/sample.js';
import { unwarper } from '../../src/imaging/superres/unwarp.js';
import type { Affine } from '../../src/imaging/volume.js';
import type { KneeGrades } from '../../src/oai/synthetic/grades.js';
import { truncator } from '../../src/oai/synthetic/k-space.js';
import { misplacer } from '../../src/oai/synthetic/misplacement.js';
import { mriFiles } from '../../src/oai/synthetic/mri-files.js';
import { drawScan, SlicePainter } from '../../src/oai/synthetic/mri.js';
import { makePhantom } from '../../src/oai/synthetic/phantom.js';
import { Random } from '../../src/oai/synthetic/random.js';
import { writeRelease } from '../../src/oai/synthetic/release.js';
import { type KneeScan, scanKnee } from '../../src/oai/synthetic/scan.js';
import {
  chemicalShift,
  IDEAL_GRADIENTS,
  relativeNoise,
  type Scanner,
  SCANNER_NAMES,
  scannerOf,
} from '../../src/oai/synthetic/scanners.js';
import { signalsAt, type TissueName } from '../../src/oai/synthetic/tissues.js';
import { runCommand } from '../helpers/command.js';
import golden from '../golden/scanners.json' with { type: 'json' };

const { abs, max } = Math;

const healthy = Object.fromEntries(FEATURE_CODES.map((code) => [code, 0])) as KneeGrades;
const knee = (side: 'RIGHT' | 'LEFT') => makePhantom({ seed: 3, participant: 5, side, sex: 'MALE', bmi: 27 }, healthy);

/** Few pixels, and so many Hz for each that fat stays where it is. */
const small = (name: '1.5T' | '3T', matrix: number, gradients = IDEAL_GRADIENTS): Scanner => ({
  ...scannerOf(name, true, gradients),
  ...{ matrix, bandwidth: 13_000 },
});

describe('a scanner of another field strength', () => {
  test.each(SCANNER_NAMES)('of %s gives tissues the signal of the sequence at its field', (name) => {
    const { water, fat } = signalsAt(scannerOf(name, false).field);
    for (const [tissue, signal] of Object.entries(golden.signals[name])) {
      expect(water[tissue as TissueName] + fat[tissue as TissueName]).toBeCloseTo(signal, 12);
    }
    expect([water.marrow, fat.marrow > 0, water.cartilage > 0, fat.cartilage]).toEqual([0, true, true, 0]);
  });

  test.each(SCANNER_NAMES)(
    'of %s has the noise and the shift of fat that follow from field, voxels and bandwidth',
    (name) => {
      expect(relativeNoise(scannerOf(name, false))).toBeCloseTo(golden.noise[name], 12);
      expect(chemicalShift(scannerOf(name, false))).toBeCloseTo(golden.shiftMm[name], 12);
    },
  );

  test('shows at each place what its gradients put there, as bright as it is compressed', () => {
    for (const { side, place, from, brightness } of golden.imaged) {
      const [x, y, z] = place as [number, number, number];
      const found = misplacer(scannerOf('1.5T', false).gradients, side as 'RIGHT')([x, y, z]);
      found.from.forEach((way, axis) => expect(way).toBeCloseTo(from[axis]!, 3));
      expect(found.brightness).toBeCloseTo(brightness, 3);
    }
  });

  test('keeps the middle of k-space, on a grid of as many pixels', () => {
    const { real, imaginary } = truncator(32, 12)(Float32Array.from(golden.image));
    real.forEach((value, at) => expect(value).toBeCloseTo(golden.truncated.real[at]!, 9));
    imaginary.forEach((value, at) => expect(value).toBeCloseTo(golden.truncated.imaginary[at]!, 9));
  });

  test('moves fat up', () => {
    const scan = drawScan(new Random('scan'));
    const painter = new SlicePainter(knee('RIGHT'), scan, { size: 160, fieldOfView: 160, signals: signalsAt(3).fat });
    const still = Float32Array.from(painter.paint(0));
    const raised = painter.paint(0, 3);
    const between = (image: Float32Array, first: number) => image.slice(160 * first, 160 * (first + 100));
    expect(max(...still)).toBeGreaterThan(0.1);
    expect(between(raised, 20)).toEqual(between(still, 23));
  });
});

describe('the same knee at two scanners', () => {
  test('lies alike: its series are in register to a tenth of a pixel on average, a quarter at most', async () => {
    const low = scanKnee(knee('RIGHT'), small('1.5T', 64), 'RIGHT', ['pair']);
    const high = scanKnee(knee('RIGHT'), small('3T', 128), 'RIGHT', ['pair']);
    expect([low.slices, high.slices, low.depthOf(13)]).toEqual([40, 80, (high.depthOf(26) + high.depthOf(27)) / 2]);
    for (const index of [13, 22]) {
      const halves = [await high.slice(2 * index), await high.slice(2 * index + 1)];
      const reduced = Float64Array.from({ length: 64 * 64 }, (_, pixel) => {
        const first = 2 * (pixel % 64) + 2 * Math.floor(pixel / 64) * 128;
        return halves.reduce((sum, s) => sum + s[first]! + s[first + 1]! + s[first + 128]! + s[first + 129]!, 0) / 8;
      });
      const { farthest, mean } = shifts(reduced, await low.slice(index), 64);
      expect(farthest).toBeLessThan(0.25);
      expect(mean).toBeLessThan(0.1);
    }
  });

  test.each(['RIGHT', 'LEFT'] as const)(
    'is in register to less than half a voxel once what its gradients misplaced is put back by their coefficients, %s',
    async (side) => {
      const { gradients } = scannerOf('3T', false);
      const warped = seriesOf(scanKnee(knee(side), small('3T', 64, gradients), side, ['pair']), side);
      const ideal = seriesOf(scanKnee(knee(side), small('3T', 64), side, ['pair']), side);
      const field = unwarper(gradients, warped.affine, { rows: 64, columns: 64, fineRows: 64, fineColumns: 64 });
      let before = 0;
      for (const index of [20, 46]) {
        const places = field(index);
        const sampled = await sampleSlices(warped.read, { rows: 64, columns: 64, slices: 80 }, places);
        const corrected = sampled.map((value, pixel) => value * places.jacobian[pixel]!);
        const truth = await ideal.read(index);
        before = max(before, shifts(await warped.read(index), truth, 64).farthest);
        expect(shifts(corrected, truth, 64).farthest).toBeLessThan(0.5);
      }
      expect(before).toBeGreaterThan(0.5);
    },
  );
});

describe('synth', () => {
  const synth = (...args: string[]) => runCommand(['synth', '--out', join(tmpdir(), 'synthetic-never'), ...args]);

  test.each([
    [['--scanner', '5T'], /Allowed choices are 1\.5T, 3T, 7T/],
    [
      ['--scanner', '7T', '--films-only'],
      /--scanner says how MRI is taken; with --films-only or --tables-only none is\./,
    ],
    [
      ['--scanner', '7T', '--tables-only'],
      /--scanner says how MRI is taken; with --films-only or --tables-only none is\./,
    ],
    [['--coefficients', 'ideal'], /--coefficients are those of a scanner: name it by --scanner\./],
    [['--scanner', '7T', '--coefficients', 'none.json'], /none\.json cannot be read as gradient coefficients/],
  ])('refuses %s in one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await synth(...args);
    expect([code > 0, stdout]).toEqual([true, '']);
    expect(stderr).toMatch(sentence);
  });
});

describe('the files of a scanner', () => {
  test('say field, bandwidth, voxels and that distortion is in them, and are told from those of others', async () => {
    const firstOf = async (name: '1.5T' | '3T') => {
      const scanner = scannerOf(name, true);
      const series = { ...scanKnee(knee('LEFT'), { ...scanner, matrix: 64 }, 'LEFT', ['files']), scanner };
      const { value } = await mriFiles(series, { common: {}, side: 'LEFT', seed: 1, barcode: '016610200001' }).next();
      return readDicom({ bytes: value as Uint8Array, name: 'one' });
    };
    const [low, high] = [await firstOf('1.5T'), await firstOf('3T')];
    expect(low.attributes).toMatchObject({
      ...{ rows: 64, columns: 64, pixelSpacing: [2.5, 2.5], sliceThickness: 3, laterality: 'L' },
      position: [100 - 78.75, 68.25, 78.75],
      imageType: 'ORIGINAL\\PRIMARY\\M\\ND',
    });
    expect(low.attributes.acquisition).toMatchObject({
      ...{ fieldStrength: 1.5, pixelBandwidth: 130, repetitionTime: 20, flipAngle: 12 },
      model: 'Synthetic 1.5T',
    });
    expect(high.attributes.acquisition).toMatchObject({ fieldStrength: 3, pixelBandwidth: 260 });
    expect(low.attributes.sopInstanceUid).not.toBe(high.attributes.sopInstanceUid);
  });

  test('have the coefficients beside them that superres takes', async () => {
    await using out = await temporaryFolder();
    const release = { participants: 2, seed: 1, visits: ['V00'], compact: true, imageParticipants: 0 } as const;
    await writeRelease({ ...release, scanner: '7T' }, { out: out.path });
    const { gradients } = await readGradients(join(out.path, 'gradients.json'));
    expect(gradients).toMatchObject(scannerOf('7T', false).gradients);
    const readme = await readFile(join(out.path, 'README.txt'), 'utf8');
    expect(readme).toContain('MRI 256 x 256 x 160 of a scanner of 7 T');
    // Another scanner is another release.
    await expect(writeRelease({ ...release, scanner: '3T' }, { out: out.path })).rejects.toThrow(
      /holds something other/,
    );
  });
});

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'synthetic-scanners-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A scan as a file has it: left knees mirrored, and where its voxels lie in RAS. */
function seriesOf(scan: KneeScan, side: 'RIGHT' | 'LEFT') {
  const { size, thickness } = scan;
  const spacing = 160 / size;
  const half = 80 - spacing / 2;
  const affine: Affine = [
    ...[-spacing, 0, 0, (side === 'RIGHT' ? 100 : -100) + half],
    ...[0, 0, thickness, scan.depthOf(0)],
    ...[0, -spacing, 0, half],
  ] as unknown as Affine;
  const kept = new Map<number, Promise<Float32Array>>();
  const make = async (index: number) => {
    const slice = await scan.slice(index);
    return Float32Array.from(
      slice,
      (_, at) => slice[side === 'RIGHT' ? at : at - (at % size) + size - 1 - (at % size)]!,
    );
  };
  const read = (index: number) => {
    if (!kept.has(index)) kept.set(index, make(index));
    return kept.get(index)!;
  };
  return { affine, read };
}

/** By how many pixels blocks of an image must be moved to fit another, at most and all together: least squares on its slopes (Lucas and Kanade 1981). */
function shifts(moved: ArrayLike<number>, still: ArrayLike<number>, size: number): { farthest: number; mean: number } {
  const block = 16;
  const found: [number, number][] = [];
  for (let top = 4; top + block <= size - 4; top += block / 2) {
    for (let left = 4; left + block <= size - 4; left += block / 2) {
      let [xx, xy, yy, xd, yd] = [0, 0, 0, 0, 0];
      for (let row = top; row < top + block; row++) {
        for (let column = left; column < left + block; column++) {
          const at = row * size + column;
          const [dx, dy] = [(still[at + 1]! - still[at - 1]!) / 2, (still[at + size]! - still[at - size]!) / 2];
          const lacking = still[at]! - moved[at]!;
          [xx, xy, yy, xd, yd] = [xx + dx * dx, xy + dx * dy, yy + dy * dy, xd + dx * lacking, yd + dy * lacking];
        }
      }
      const determinant = xx * yy - xy * xy;
      // Flat blocks, and those with slopes one way alone, do not tell.
      if (determinant < 0.02 * (xx + yy) ** 2 || xx + yy < 256 * 400) continue;
      found.push([(yy * xd - xy * yd) / determinant, (xx * yd - xy * xd) / determinant]);
    }
  }
  expect(found.length).toBeGreaterThan(2);
  const mean = (axis: 0 | 1) => abs(found.reduce((sum, shift) => sum + shift[axis], 0) / found.length);
  return { farthest: max(...found.flat().map(abs)), mean: max(mean(0), mean(1)) };
}
