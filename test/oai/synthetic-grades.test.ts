import { FEATURE_CODES, isValidGrade } from '../../src/domain/features.js';
import { gradesAt } from '../../src/oai/synthetic/grades.js';
import type { KneeGrades } from '../../src/oai/synthetic/grades.js';
import { BOTH_SIDES, drawPerson, visitOf } from '../../src/oai/synthetic/people.js';
import { readingsAt } from '../../src/oai/synthetic/readings.js';

const people = Array.from({ length: 3000 }, (_, index) => drawPerson(7, index));
const courses = people.flatMap((person) => BOTH_SIDES.map((side) => person.courses[side]));
const baseline = courses.map((course) => gradesAt(course, 0, false));

const osteophytes = (grades: KneeGrades) => [grades.XROSFM, grades.XROSFL, grades.XROSTM, grades.XROSTL];
const narrowing = (grades: KneeGrades) => Math.max(grades.XRJSM, grades.XRJSL);
const sclerosis = (grades: KneeGrades) => Math.max(grades.XRSCFM, grades.XRSCFL, grades.XRSCTM, grades.XRSCTL);

describe('the grades of synthetic knees', () => {
  test('are mixed as in the OAI baseline readings', () => {
    const shares = [0, 1, 2, 3, 4].map(
      (kl) => baseline.filter((grades) => grades.XRKL === kl).length / baseline.length,
    );
    const real = [5900, 2698, 2558, 1300, 295].map((count) => count / 12_751);
    shares.forEach((share, kl) => expect(Math.abs(share - real[kl]!)).toBeLessThan(0.02));
  });

  test('satisfy the definition of their Kellgren-Lawrence grade', () => {
    for (const grades of baseline) {
      const kl = grades.XRKL;
      if (kl === 0) expect([...osteophytes(grades), narrowing(grades), sclerosis(grades)]).toEqual([0, 0, 0, 0, 0, 0]);
      if (kl === 1) expect(Math.max(...osteophytes(grades))).toBe(1);
      if (kl === 2) expect(narrowing(grades)).toBeLessThanOrEqual(1);
      if (kl >= 2) expect(Math.max(...osteophytes(grades))).toBeGreaterThanOrEqual(1);
      if (kl === 3) expect([1, 2]).toContain(narrowing(grades));
      if (kl === 4)
        expect([narrowing(grades), Math.max(...osteophytes(grades)) >= 2, sclerosis(grades) >= 2]).toEqual([
          3,
          true,
          true,
        ]);
      if (kl < 4) expect(narrowing(grades)).toBeLessThan(3);
    }
  });

  test('show attrition only where the joint space is at least grade 2, and disease more often medially', () => {
    for (const grades of baseline) {
      if (grades.XRATTM > 0) expect(grades.XRJSM).toBeGreaterThanOrEqual(2);
      if (grades.XRATTL > 0) expect(grades.XRJSL).toBeGreaterThanOrEqual(2);
    }
    const medial = baseline.filter((grades) => grades.XRJSM > 0).length;
    const lateral = baseline.filter((grades) => grades.XRJSL > 0).length;
    const both = baseline.filter((grades) => grades.XRJSM > 1 && grades.XRJSL > 1).length;
    expect(medial).toBeGreaterThan(1.5 * lateral);
    expect(both).toBeLessThan(0.1 * medial);
  });

  test('never improve, stay in their domains, and carry decimals at follow-up only', () => {
    for (const course of courses.slice(0, 1000)) {
      let before = gradesAt(course, 0, false);
      expect(Number.isInteger(before.XRJSM) && Number.isInteger(before.XRJSL)).toBe(true);
      for (const years of [1, 2, 3, 4, 6, 8]) {
        const now = gradesAt(course, years, true);
        const wrong = FEATURE_CODES.filter((code) => now[code] < before[code] || !isValidGrade(code, now[code]));
        expect(wrong).toEqual([]);
        before = now;
      }
    }
    const followUp = courses.map((course) => gradesAt(course, 4, true));
    expect(followUp.some((grades) => grades.XRJSM % 1 > 0)).toBe(true);
  });

  test('resemble each other in the two knees of a person', () => {
    const pairs = people.map((person) => BOTH_SIDES.map((side) => gradesAt(person.courses[side], 0, false).XRKL));
    const mean = pairs.flat().reduce((sum, kl) => sum + kl, 0) / (2 * pairs.length);
    const covariance = pairs.reduce((sum, [right, left]) => sum + (right! - mean) * (left! - mean), 0);
    const variance = pairs.flat().reduce((sum, kl) => sum + (kl - mean) ** 2, 0) / 2;
    expect(covariance / variance).toBeGreaterThan(0.4);
    expect(covariance / variance).toBeLessThan(0.8);
  });
});

describe('the readings of synthetic films', () => {
  const read = (visit: 'V00' | 'V06' | 'V08') =>
    people.flatMap((person) => {
      const at = visitOf(7, person, visit);
      return at ? readingsAt(7, person, at) : [];
    });

  test('come from project 15 up to V06 and from 37 afterwards', () => {
    expect(new Set(read('V08').map(({ project }) => project))).toEqual(new Set(['37']));
    const projects = read('V06').map(({ project }) => project);
    expect(projects.filter((project) => project === '15').length).toBeGreaterThan(projects.length / 2);
    expect(projects).toContain('42');
  });

  test('have no sclerosis, cysts and attrition from projects 37 and 42', () => {
    for (const { project, values } of read('V00')) {
      for (const code of FEATURE_CODES) {
        if (project !== '15' && /^XR(SC|CY|ATT)/.test(code)) expect(['.A', '.P']).toContain(values[code]);
      }
    }
  });

  test('say .P for every feature of a replaced knee', () => {
    const replaced = read('V08').filter(({ values }) => values.XRKL === '.P');
    expect(replaced.length).toBeGreaterThan(0);
    for (const { values } of replaced) expect(new Set(Object.values(values))).toEqual(new Set(['.P']));
  });
});

describe('grades drawn anew', () => {
  const anew = (redraw: number, fixed: Partial<KneeGrades> = {}) =>
    people.slice(0, 400).flatMap((person) => {
      const own = visitOf(7, person, 'V00')!;
      const drawn = visitOf(7, person, 'V00', { redraw, fixed })!;
      return BOTH_SIDES.flatMap((side) => {
        const [before, after] = [own.grades[side], drawn.grades[side]];
        return before === null || after === null ? [] : [{ before, after }];
      });
    });

  test('are a third of the grades of every knee, all levels alike, and never its KL grade', () => {
    const knees = anew(1);
    for (const { before, after } of knees) {
      expect(after.XRKL).toBe(before.XRKL);
      for (const code of FEATURE_CODES) expect(isValidGrade(code, after[code])).toBe(true);
    }
    // Healthy knees have no cysts, so half of the redrawn grades, 0.35 of all, are cysts now; narrowing 3 a quarter of them.
    const healthy = knees.filter(({ before }) => before.XRKL === 0);
    const share = (has: (grades: KneeGrades) => boolean) =>
      healthy.filter(({ after }) => has(after)).length / healthy.length;
    expect(share(({ XRCYTM }) => XRCYTM === 1)).toBeCloseTo(0.175, 1);
    expect(share(({ XRJSL }) => XRJSL === 3)).toBeCloseTo(0.0875, 1);
    expect(share(({ XRCYTM, XRCYFL }) => XRCYTM === 1 && XRCYFL === 1)).toBeCloseTo(0.175 ** 2, 1);
  });

  test('are the same for one number and others for another, and give way to grades that are set', () => {
    expect(anew(1)).toEqual(anew(1));
    expect(anew(2)).not.toEqual(anew(1));
    for (const { after } of anew(1, { XRJSM: 2 })) expect(after.XRJSM).toBe(2);
  });
});
