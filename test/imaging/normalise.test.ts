import { mirrorColumns, percentile, trainedStack } from '../../src/imaging/normalise.js';
import { centredAffine, type Volume } from '../../src/imaging/volume.js';

/** A coronal series of voxels `value(slice, row, column)`; a function of the slice alone is called once a slice. */
function series(
  size: { slices: number; rows?: number; spacing?: readonly [number, number, number] },
  value: (slice: number, row: number, column: number) => number,
): Volume {
  const { slices, rows = 256, spacing = [160 / (size.rows ?? 256), 160 / (size.rows ?? 256), 1.5] } = size;
  const data = new Uint16Array(slices * rows * rows);
  for (let slice = 0; slice < slices; slice++) {
    const pixels = data.subarray(slice * rows * rows, (slice + 1) * rows * rows);
    if (value.length <= 1) pixels.fill(value(slice, 0, 0));
    else for (let at = 0; at < pixels.length; at++) pixels[at] = value(slice, (at - (at % rows)) / rows, at % rows);
  }
  return {
    columns: rows,
    rows,
    slices,
    data,
    spacing,
    affine: centredAffine('CORONAL', [rows, rows, slices], spacing),
    placement: 'SCANNER',
  };
}

describe('percentile', () => {
  test('interpolates between ranks as numpy does', () => {
    // numpy.percentile([3, 1, 2, 10], 40) == 2.2; numpy.percentile([-5, 7], 99.5) == 6.94
    expect(percentile(Uint16Array.from([3, 1, 2, 10]), 40)).toBeCloseTo(2.2, 12);
    expect(percentile(Int16Array.from([-5, 7]), 99.5)).toBeCloseTo(6.94, 12);
    expect(percentile(Float32Array.from([3, 1, 2, 10]), 40)).toBeCloseTo(2.2, 6);
    expect(percentile(Uint16Array.from([7]), 99.5)).toBe(7);
  });

  test('an empty array has none', () => {
    expect(() => percentile(new Uint16Array(0), 50)).toThrow(/no percentile/);
  });
});

describe('the trained stack of an 80-slice series', () => {
  const ramp = series({ slices: 80 }, (slice) => slice * 100);
  const white = percentile(ramp.data, 99.5);
  const level = (slice: number) => Math.min((slice * 100) / white, 1);

  test('is slices 13 to 62 divided by the 99.5th percentile of the whole series', () => {
    const stack = trainedStack(ramp);
    expect(stack).toHaveLength(50);
    stack.forEach(({ rows, columns, data }, index) => {
      expect([rows, columns]).toEqual([256, 256]);
      expect(data[12345]).toBeCloseTo(level(13 + index), 6);
    });
  });

  test('is interpolated at the depths of any other slice count', () => {
    const stack = trainedStack(ramp, { sliceCount: 100 });
    stack.forEach(({ data }, index) => expect(data[0]).toBeCloseTo(level(13 + (49 * index) / 99), 6));
  });

  test('is mirrored on request, which swaps left and right only', () => {
    const edge = series({ slices: 80 }, (_, _row, column) => (column < 10 ? 1000 : 10));
    const [straight] = trainedStack(edge, { sliceCount: 2 });
    const [mirrored] = trainedStack(edge, { sliceCount: 2, mirror: true });
    expect(straight!.data[0]).toBeGreaterThan(straight!.data[255]!);
    expect(mirrored!.data[255]).toBe(straight!.data[0]);
    expect(mirrored!.data[0]).toBe(straight!.data[255]);
    expect(Array.from(mirrorColumns(Uint16Array.from([1, 2, 3, 4, 5, 6]), 3))).toEqual([3, 2, 1, 6, 5, 4]);
  });
});

test('512 x 512 pixels become 256 x 256 by the mean of 2 x 2', () => {
  const checker = series({ slices: 56, rows: 512 }, (_, row, column) => (row % 2 === 0 && column % 2 === 0 ? 400 : 0));
  const [slice] = trainedStack(checker, { sliceCount: 2 });
  expect(slice!.data.every((value) => Math.abs(value - 0.25) < 1e-6)).toBe(true);
});

test('a series of another spacing is cut at the same mm about its middle', () => {
  // 3 mm slices: slice k of the 1.5 mm series lies at index (k - 39.5) / 2 + 19.5.
  const coarse = series({ slices: 40, spacing: [0.625, 0.625, 3] }, (slice) => 100 + slice);
  const stack = trainedStack(coarse);
  const white = percentile(coarse.data, 99.5);
  expect(stack[0]!.data[0]).toBeCloseTo((100 + (13 - 39.5) / 2 + 19.5) / white, 5);
  expect(stack[49]!.data[0]).toBeCloseTo((100 + (62 - 39.5) / 2 + 19.5) / white, 5);
});

test('another matrix is resampled to 0.625 mm about its middle', () => {
  const small = series(
    { slices: 80, rows: 128, spacing: [1.25, 1.25, 1.5] },
    (_, row, column) => 1000 + 2 * column + row,
  );
  const [slice] = trainedStack(small, { sliceCount: 2 });
  const white = percentile(small.data, 99.5);
  // Model column 129 lies 1.5 x 0.625 mm right of the middle, which is column 63.5 of the small matrix.
  expect(slice!.data[128 * 256 + 129]).toBeCloseTo((1000 + 2 * (63.5 + 0.75) + 63.5 + 0.25) / white, 5);
});

describe('a series that cannot be used is refused with one sentence', () => {
  test('no signal', () => {
    expect(() => trainedStack(series({ slices: 80 }, () => 0))).toThrow('The MRI series has no signal');
  });

  test('too few slices', () => {
    expect(() =>
      trainedStack(
        series({ slices: 20 }, () => 9),
        { name: 'COR_T1' },
      ),
    ).toThrow(/^COR_T1 has 20 slices of 1\.50 mm, too few/);
  });
});
