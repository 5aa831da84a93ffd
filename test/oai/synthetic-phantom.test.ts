import { FEATURE_CODES, type FeatureCode } from '../../src/domain/features.js';
import { type FilmImage, type FilmTruth, takeFilm } from '../../src/oai/synthetic/film.js';
import type { KneeGrades } from '../../src/oai/synthetic/grades.js';
import { renderMri, SERIES } from '../../src/oai/synthetic/mri.js';
import { makePhantom } from '../../src/oai/synthetic/phantom.js';
import { Random } from '../../src/oai/synthetic/random.js';

const SIZE = 128;
const { abs } = Math;
const identity = { seed: 3, participant: 5, side: 'RIGHT', sex: 'MALE', bmi: 27 } as const;
const healthy = Object.fromEntries(FEATURE_CODES.map((code) => [code, 0])) as KneeGrades;

let reference: readonly Uint16Array[];
let healthyFilm: FilmImage;

beforeAll(() => {
  reference = series({});
  healthyFilm = film({});
});

const knee = (changes: Partial<KneeGrades>) => makePhantom(identity, { ...healthy, ...changes });

function series(changes: Partial<KneeGrades>): readonly Uint16Array[] {
  return renderMri(knee(changes), SIZE, new Random('scan')).slices;
}

function film(changes: Partial<KneeGrades>): FilmImage {
  return takeFilm(knee(changes), makePhantom({ ...identity, side: 'LEFT' }, healthy), 0.5, new Random('film'));
}

/** Distance from bone to bone at the middle of the medial plateau, mm. */
function medialGap({ bones, anatomy }: ReturnType<typeof knee>): number {
  const x = anatomy.condyleSplit * anatomy.scale;
  const z = -6;
  const top = bones.plateau(x, z);
  let y = top;
  while (bones.femur.at(x, y, z) > 0) y -= 0.05;
  return top - y;
}

/** Mean absolute difference from the healthy series in the lateral (left) and medial (right) half of the joint region. */
function change(slices: readonly Uint16Array[]): { lateral: number; medial: number; elsewhere: number } {
  const sums = { lateral: 0, medial: 0, elsewhere: 0 };
  const counts = { lateral: 0, medial: 0, elsewhere: 0 };
  for (let index = 26; index < 62; index++) {
    for (let row = 0; row < SIZE; row++) {
      const inJoint = row > SIZE * 0.38 && row < SIZE * 0.7;
      for (let column = 0; column < SIZE; column++) {
        const x = column - SIZE / 2;
        const where =
          row < SIZE * 0.25 ? 'elsewhere' : inJoint && x > 4 ? 'medial' : inJoint && x < -4 ? 'lateral' : null;
        if (where === null) continue;
        sums[where] += abs(slices[index]![row * SIZE + column]! - reference[index]![row * SIZE + column]!);
        counts[where]++;
      }
    }
  }
  return {
    lateral: sums.lateral / counts.lateral,
    medial: sums.medial / counts.medial,
    elsewhere: sums.elsewhere / counts.elsewhere,
  };
}

describe('the knee phantom', () => {
  test('gives 80 slices whose bright tissue lies behind and whose neighbours resemble each other', () => {
    expect(reference).toHaveLength(SERIES.slices);
    const mean = (slice: Uint16Array) => slice.reduce((sum, value) => sum + value, 0) / slice.length;
    expect(mean(reference[20]!)).toBeGreaterThan(1.5 * mean(reference[50]!));
    expect(correlation(reference[40]!, reference[41]!)).toBeGreaterThan(0.8);
    expect(correlation(reference[25]!, reference[55]!)).toBeLessThan(0.7);
  });

  const features = FEATURE_CODES.filter((code) => code !== 'XRKL');
  test.each(features)('shows %s on the MRI, in its own compartment and not far from the joint', (code: FeatureCode) => {
    const grade = code.startsWith('XRCY') || code.startsWith('XRCH') ? 1 : 3;
    const { lateral, medial, elsewhere } = change(series({ [code]: grade }));
    const [own, other] = code.endsWith('M') ? [medial, lateral] : [lateral, medial];
    expect(own).toBeGreaterThan(0.05);
    expect(own).toBeGreaterThan(2 * other);
    // Narrowing and attrition let the whole femur sink; the other features are local.
    if (/^XR(JS|ATT)/.test(code)) expect(elsewhere).toBeLessThan(own);
    else expect(elsewhere).toBe(0);
  });

  test.each(['XRJSM', 'XROSTM', 'XRSCTM', 'XRATTM'] as const)('changes more with every grade of %s', (code) => {
    const drawn = [1, 2, 3].map((grade) => series({ [code]: grade }));
    const [first, second, third] = drawn.map((slices) => change(slices).medial);
    expect(second!).toBeGreaterThan(first!);
    expect(third!).toBeGreaterThan(second!);
  });

  test('brings the bones together with narrowing, down to bone on bone', () => {
    const gaps = [0, 1, 1.4, 2, 3].map((grade) => medialGap(knee({ XRJSM: grade })));
    expect(gaps[0]).toBeGreaterThan(3.4);
    expect(gaps).toEqual([...gaps].sort((a, b) => b - a));
    expect(gaps[4]).toBeLessThan(1);
  });
});

describe('the bilateral film', () => {
  test("shows the patient's right knee on the image's left, mirrored copies of one anatomy", () => {
    expect(healthyFilm.right.centreColumn).toBeLessThan(healthyFilm.columns / 2);
    expect(healthyFilm.left.centreColumn).toBeGreaterThan(healthyFilm.columns / 2);
    expect(healthyFilm.right.boxSide).toBeCloseTo(1.22 * healthyFilm.right.plateauWidth, 6);
  });

  test('has the fibula on the outer side of both knees', () => {
    const image = boneBright(healthyFilm);
    const { right, left } = healthyFilm;
    const shaft = (place: FilmTruth, offset: number) =>
      boneAt(image, healthyFilm.columns, place.centreRow + 120, place.centreColumn + offset, 9);
    expect(shaft(right, -0.38 * right.plateauWidth)).toBeGreaterThan(shaft(right, 0.38 * right.plateauWidth));
    expect(shaft(left, 0.38 * left.plateauWidth)).toBeGreaterThan(shaft(left, -0.38 * left.plateauWidth));
  });

  test('brightens under the plateau with sclerosis and hardly with chondrocalcinosis', () => {
    const { right, columns } = healthyFilm;
    const before = boneBright(healthyFilm);
    const brighter = (changes: Partial<KneeGrades>) => {
      const after = boneBright(film(changes));
      const place = [right.centreRow + 8, right.centreColumn + right.plateauWidth / 4] as const;
      return boneAt(after, columns, ...place, 8) - boneAt(before, columns, ...place, 8);
    };
    const sclerosis = brighter({ XRSCTM: 3 });
    expect(sclerosis).toBeGreaterThan(40);
    expect(Math.abs(brighter({ XRCHM: 1 }))).toBeLessThan(sclerosis / 8);
  });
});

function boneBright(image: FilmImage): Float64Array {
  return Float64Array.from(image.pixels, (value) => (image.inverted ? 4095 - value : value));
}

function boneAt(image: Float64Array, columns: number, row: number, column: number, reach: number): number {
  let sum = 0;
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) sum += image[Math.round(row + dy) * columns + Math.round(column + dx)]!;
  }
  return sum / (2 * reach + 1) ** 2;
}

function correlation(a: Uint16Array, b: Uint16Array): number {
  const mean = (values: Uint16Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
