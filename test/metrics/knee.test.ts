import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import {
  blackSlices,
  boneDice,
  boneMask,
  cropLikeness,
  edgeF1,
  filmConsistency,
  greyImage,
  type GreyImage,
  jointCrop,
  meanWithout,
  mirroredSlices,
  retrieval,
  retrievalTrial,
  rssim,
  sharpnessRatio,
  slicesAway,
  volumeJointLines,
  volumeJointSpace,
  type VolumeSum,
  withVolume,
} from '../../src/metrics/index.js';
import { limitsOfAgreement } from '../../src/metrics/statistics/index.js';

interface GoldenPair {
  name: string;
  pixels: string;
  bone: string;
  edgeF1: number;
  boneDice: number;
  sharpness: number;
}

interface GoldenAgreement {
  first: number[];
  second: number[];
  bias: number;
  deviation: number;
  lower: number;
  upper: number;
  biasError: number;
  limitError: number;
  correlation: number;
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/knee-metrics.json'), 'utf8')) as {
  rows: number;
  columns: number;
  spacing: number;
  jointRow: number;
  real: string;
  pairs: GoldenPair[];
  volumes: {
    name: string;
    slices: string;
    count: number;
    lines: [number, number | null][];
    space: (number | null)[];
    crop: number[];
  }[];
  references: {
    people: number[];
    shape: [number, number, number];
    volumes: string[];
    meanWithoutFirst: number[];
    away: number[];
  };
  agreement: GoldenAgreement;
};
const { jointRow, spacing } = golden;
const imageOf = (pixels: string): GreyImage => greyImage(Uint8Array.from(Buffer.from(pixels, 'base64')), golden);
const real = imageOf(golden.real);
const named = (name: string): GreyImage => imageOf(golden.pairs.find((pair) => pair.name === name)!.pixels);

describe.each(golden.pairs)('against a knee $name', (pair) => {
  const generated = imageOf(pair.pixels);

  test('edge F1 and sharpness equal scipy and scikit-image', () => {
    expect(edgeF1(real, generated, jointRow, spacing)).toBeCloseTo(pair.edgeF1, 10);
    expect(sharpnessRatio(real, generated)).toBeCloseTo(pair.sharpness, 10);
  });

  test('the bones are the pixels that scipy marks, and their Dice coefficient is its', () => {
    const marked = Buffer.from(pair.bone, 'base64');
    const bits = Array.from(boneMask(generated), (_, index) => (marked[index >> 3]! >> (7 - (index & 7))) & 1);
    expect([...boneMask(generated)]).toEqual(bits);
    expect(boneDice(real, generated, jointRow, spacing)).toBeCloseTo(pair.boneDice, 10);
  });
});

test('a black image is worth nothing here, where RSSIM takes it for a fair one', () => {
  const black = named('black');
  expect(edgeF1(real, black, jointRow, spacing)).toBe(0);
  expect(boneDice(real, black, jointRow, spacing)).toBe(0);
  expect(sharpnessRatio(real, black)).toBe(0);
  expect(rssim(real, black, { jointRow })).toBeGreaterThan(0.3);
});

test('a real slice that shows nothing has no figure, rather than a good or a bad one', () => {
  const black = named('black');
  expect(edgeF1(black, real, jointRow, spacing)).toBeNull();
  expect(boneDice(black, real, jointRow, spacing)).toBeNull();
  expect(sharpnessRatio(black, real)).toBeNull();
});

test('images of different sizes are refused', () => {
  const small = { rows: 2, columns: 2, data: new Float64Array(4) };
  for (const figure of [
    () => edgeF1(real, small, jointRow, spacing),
    () => boneDice(real, small, jointRow, spacing),
    () => sharpnessRatio(real, small),
  ]) {
    expect(figure).toThrow('Images of 120 x 104 and 2 x 2 pixels cannot be compared; their sizes must be equal.');
  }
});

describe('retrieval', () => {
  test('counts knees whose own is the nearest, and the comparisons that the own knee wins', () => {
    const trials = [
      retrievalTrial(0.8, [0.1, 0.2]),
      retrievalTrial(0.7, [0.9, 0.2]),
      retrievalTrial(0.5, [0.1, 0.5, 0.2]),
    ];

    expect(trials).toEqual([
      { rivals: 2, won: 2, first: true },
      { rivals: 2, won: 1, first: false },
      { rivals: 3, won: 2.5, first: false },
    ]);
    expect(retrieval(trials)).toEqual({ first: 1 / 3, pairs: 5.5 / 7, others: 7 / 3 });
  });

  test('of images that are all alike nobody is first, and half the pairs are won', () => {
    expect(retrieval([retrievalTrial(0, [0, 0])])).toEqual({ first: 0, pairs: 0.5, others: 2 });
  });

  test('there is none without another person', () => {
    expect(retrieval([retrievalTrial(1, [])])).toBeNull();
  });
});

describe.each(golden.volumes)('of a volume "$name"', ({ slices, count, lines, space, crop }) => {
  const pixels = Uint8Array.from(Buffer.from(slices, 'base64'));
  const size = golden.rows * golden.columns;
  const volume = Array.from({ length: count }, (_, index) =>
    greyImage(pixels.subarray(index * size, (index + 1) * size), golden),
  );

  test('joint lines are those that scipy finds, medial on the right of a right knee and on the left of a left one', () => {
    const [left, right] = lines.map(([number, row]) => ({ lines: number, row }));
    expect(volumeJointLines(volume, 'R', spacing)).toEqual({ medial: right, lateral: left });
    expect(volumeJointLines(volume, 'L', spacing)).toEqual({ medial: left, lateral: right });
  });

  test('the joint space is what numpy traces', () => {
    const found = volumeJointSpace(volume, 'R', spacing);
    expect([found.lateral, found.medial]).toEqual(space.map((mm) => expect.closeTo(mm!, 9) as number));
  });

  test('the small image of the joint is what numpy makes of it, and finds itself', () => {
    const found = jointCrop(volume, spacing);
    expect([...found].filter((_, index) => index % 7 === 0)).toEqual(
      crop.map((value) => expect.closeTo(value, 6) as number),
    );
    expect(cropLikeness(found, found)).toBeCloseTo(1, 6);
  });
});

test('a volume that shows nothing has no joint line, no joint space, and is like no other', () => {
  const black = blackSlices(Array<GreyImage>(8).fill(real));
  expect(volumeJointLines(black, 'R', spacing)).toEqual({
    medial: { lines: 0, row: null },
    lateral: { lines: 0, row: null },
  });
  expect(volumeJointSpace(black, 'R', spacing)).toEqual({ medial: null, lateral: null });
  expect(cropLikeness(jointCrop(black, spacing), jointCrop(Array<GreyImage>(8).fill(real), spacing))).toBe(0);
});

test('a film and a volume that both have the joint where the training has it are not off, and fall alike', () => {
  const pitch = { film: 95 / 256, volume: 0.625 };
  // A level bright band between two dark bones, as a film shows it inverted: bone bright, joint dark.
  const joint = 0.493 * 256;
  const film = {
    rows: 256,
    columns: 256,
    data: Float64Array.from({ length: 65_536 }, (_, at) =>
      Math.abs(Math.floor(at / 256) + 0.5 - joint) < 6 ? 0.2 : 0.8,
    ),
  };
  const line = (row: number) => ({ lines: 1, row });
  const at = 128 + 6 / 0.625 - 0.5;
  const found = (medial: number, lateral: number) =>
    filmConsistency(film, { medial: line(medial), lateral: line(lateral) }, 'R', { pitch, volume: { rows: 256 } });

  // The band's middle is 126 pixels from the top, the training's 126.208.
  expect(found(at, at).rowOffset).toBeCloseTo((0.208 * 95) / 256, 6);
  expect(found(at, at)).toMatchObject({ medialLines: 1, lateralLines: 1, volumeDrop: 0 });
  expect(found(at, at).filmDrop).toBeCloseTo(0, 6);
  expect(found(at + 8, at)).toMatchObject({ volumeDrop: 5 });
  expect(found(at + 8, at + 8).rowOffset! - found(at, at).rowOffset!).toBeCloseTo(5, 9);
});

describe('volumes that say nothing of the knee', () => {
  const { shape, volumes, people, meanWithoutFirst, away } = golden.references;
  const [slices, rows, columns] = shape;
  const stacks = volumes.map((bytes) => {
    const pixels = Uint8Array.from(Buffer.from(bytes, 'base64'));
    const size = rows * columns;
    return Array.from({ length: slices }, (_, index) =>
      greyImage(pixels.subarray(index * size, (index + 1) * size), { rows, columns }),
    );
  });
  const sampled = (images: readonly GreyImage[]) =>
    images.flatMap(({ data }) =>
      [...data].filter((_, at) => Math.floor(at / columns) % 13 === 0 && (at % columns) % 17 === 0),
    );

  test('the mean leaves out every volume of the person', () => {
    const sum = (chosen: readonly GreyImage[][]) =>
      chosen.reduce<VolumeSum | null>((known, stack) => withVolume(known, stack), null)!;
    const own = sum(stacks.filter((_, place) => people[place] === 0));
    const mean = meanWithout(sum(stacks), own)!;
    expect(sampled(mean)).toEqual(meanWithoutFirst.map((value) => expect.closeTo(value, 6) as number));
    expect(meanWithout(own, own)).toBeNull();
  });

  test('three slices away is 4.5 mm in front, and behind where the stack ends', () => {
    expect(sampled(slicesAway(stacks[0]!))).toEqual(away.map((value) => expect.closeTo(value, 6) as number));
    const fifty = Array.from({ length: 50 }, (_, index) => ({ rows: 1, columns: 1, data: Float32Array.of(index) }));
    expect(slicesAway(fifty).map(({ data }) => data[0])).toEqual([
      ...Array.from({ length: 47 }, (_, index) => index + 3),
      44,
      45,
      46,
    ]);
  });

  test('a mirror image has its columns in reverse order', () => {
    const [mirrored] = mirroredSlices([{ rows: 2, columns: 2, data: Float32Array.of(1, 2, 3, 4) }]);
    expect([...mirrored!.data]).toEqual([2, 1, 4, 3]);
  });

  test('volumes of different shapes cannot be added up', () => {
    expect(() => withVolume(withVolume(null, stacks[0]!), stacks[1]!.slice(1))).toThrow(
      'A volume of 4 x 40 x 45 voxels cannot be added to the others.',
    );
  });
});

describe('limits of agreement', () => {
  test('equal numpy and scipy', () => {
    const { first, second, ...wanted } = golden.agreement;
    const found = limitsOfAgreement(first, second);
    expect(found.pairs).toBe(40);
    for (const [name, value] of Object.entries(wanted))
      expect(found[name as keyof typeof wanted]).toBeCloseTo(value, 10);
  });

  test('have no correlation where one of the two never varies', () => {
    expect(limitsOfAgreement([1, 1, 1], [1, 2, 3])).toMatchObject({ bias: 1, correlation: null });
  });

  test('need three pairs', () => {
    expect(() => limitsOfAgreement([1, 2], [1, 2])).toThrow('at least three pairs, not 2 and 2');
  });
});
