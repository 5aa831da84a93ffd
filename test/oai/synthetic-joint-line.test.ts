import { FEATURE_CODES } from '../../src/domain/features.js';
import { drawAnatomy, jointLevel } from '../../src/oai/synthetic/anatomy.js';
import { diseaseOf } from '../../src/oai/synthetic/disease.js';
import type { KneeGrades } from '../../src/oai/synthetic/grades.js';
import { Random } from '../../src/oai/synthetic/random.js';

const healthy = Object.fromEntries(FEATURE_CODES.map((code) => [code, 0])) as KneeGrades;
const draw = (person: number, side: 'RIGHT' | 'LEFT') =>
  drawAnatomy(new Random('shared', person), new Random('own', person, side), 'FEMALE', 28);

describe('the joint line of a phantom', () => {
  const right = Array.from({ length: 800 }, (_, person) => draw(person, 'RIGHT'));
  const slopes = right.map(({ obliquity }) => obliquity);

  test('falls to the medial side by 3.4 degrees on average, as widely as real joint lines', () => {
    const mean = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
    const deviation = Math.sqrt(slopes.reduce((sum, slope) => sum + (slope - mean) ** 2, 0) / slopes.length);
    expect(mean).toBeCloseTo(0.06, 2);
    expect(deviation).toBeCloseTo(0.058, 2);
    // Towards the medial side y grows, which is down the leg.
    const oblique = { ...right[0]!, obliquity: 0.1 };
    expect(jointLevel(oblique, 20)).toBeCloseTo(2, 10);
    expect(jointLevel(oblique, -20)).toBeCloseTo(-2, 10);
  });

  test('is much the same in both knees of a person', () => {
    const apart = right.map(({ obliquity }, person) => Math.abs(obliquity - draw(person, 'LEFT').obliquity));
    const strangers = right.map(({ obliquity }, person) => Math.abs(obliquity - slopes[(person + 1) % slopes.length]!));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(apart)).toBeLessThan(0.5 * mean(strangers));
  });
});

test('calcium crystals lie where they lay at the last visit, and elsewhere in every other knee', () => {
  const crystals = (knee: string, grades: Partial<KneeGrades>) =>
    diseaseOf(draw(1, 'RIGHT'), { ...healthy, ...grades }, new Random(knee, 'disease')).calcium;
  expect(crystals('a', { XRCHM: 1 })).toBe(crystals('a', { XRCHM: 1, XROSTM: 3, XRCYFM: 1 }));
  expect(crystals('a', { XRCHM: 1 })).not.toBe(crystals('b', { XRCHM: 1 }));
});
