import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { fitDecay } from '../../src/imaging/relaxometry/fit.js';
import { type Echo, t2Map } from '../../src/imaging/relaxometry/t2-map.js';
import { centredAffine, type Volume } from '../../src/imaging/volume.js';

/** Fitted by scipy: test/golden/t2.py. */
const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/t2.json'), 'utf8')) as {
  times: number[];
  cases: { signals: number[]; amplitude: number; t2: number }[];
};

test.each(golden.cases)('a decay of $t2 ms is fitted as scipy fits it', ({ signals, amplitude, t2 }) => {
  const found = fitDecay(golden.times, signals)!;

  expect(found.t2 / t2).toBeCloseTo(1, 5);
  expect(found.amplitude / amplitude).toBeCloseTo(1, 5);
});

test.each([
  ['grows', [100, 200, 300, 400]],
  ['is the same throughout', [100, 100, 100, 100]],
  ['is not there', [0, 0, 0, 0]],
  ['is there once', [0, 90, 0, 0]],
])('a signal that %s has no T2', (_name, signals) => {
  expect(fitDecay([10, 20, 30, 40], signals)).toBeNull();
});

/** A column of voxels with these T2 and amplitudes. */
function echoesOf(t2: number[], amplitudes: number[], times = [10, 20, 30, 40, 50]): Echo[] {
  return times.map((echoTime) => ({
    echoTime,
    volume: grid(t2.map((value, voxel) => amplitudes[voxel]! * Math.exp(-echoTime / value))),
  }));
}

function grid(values: number[]): Volume {
  const size = [1, values.length, 1] as const;
  const spacing = [0.3, 0.3, 3] as const;
  const affine = centredAffine('SAGITTAL', size, spacing);
  const [columns, rows, slices] = size;
  return { columns, rows, slices, data: Float32Array.from(values), spacing, affine, placement: 'SCANNER' };
}

test('every voxel above the floor has its T2, fluid and noise have none', async () => {
  const map = await t2Map(echoesOf([30, 45, 900, 40], [1000, 800, 1000, 20]), { skipFirst: false, floor: 0.1 });

  expect(Array.from(map.volume.data, (value) => Number(value.toFixed(3)))).toEqual([30, 45, 0, 0]);
  expect(map).toMatchObject({ tried: 3, fitted: 2, echoTimes: [10, 20, 30, 40, 50] });
  expect(map.median).toBeCloseTo(45, 3);
});

test('the first echo can be left out, and the order of echoes does not matter', async () => {
  const [first, ...rest] = echoesOf([30, 50], [1000, 1000]);
  const spoilt = { ...first!, volume: grid([10, 10]) };
  const map = await t2Map([...rest.toReversed(), spoilt], { skipFirst: true, floor: 0.1 });

  expect(Array.from(map.volume.data, (value) => Number(value.toFixed(3)))).toEqual([30, 50]);
  expect(map.echoTimes).toEqual([20, 30, 40, 50]);
});

const two = echoesOf([30], [1000], [10, 20]);
test.each<[string, Echo[], string]>([
  ['two echoes', two, 'A T2 map needs at least 3 echoes of different echo times; there are 10, 20 ms.'],
  [
    'an echo time that comes twice',
    [...two, ...echoesOf([30], [900], [20, 30])],
    'A T2 map needs at least 3 echoes of different echo times; there are 10, 20, 20, 30 ms.',
  ],
  [
    'an echo on another grid',
    [...two, ...echoesOf([30, 40], [900, 900], [30])],
    'The echo of 30 ms lies on another grid than that of 10 ms.',
  ],
])('%s is refused', async (_name, echoes, message) => {
  await expect(t2Map(echoes, { skipFirst: false, floor: 0.1 })).rejects.toThrow(message);
});
