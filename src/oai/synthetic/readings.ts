import type { FeatureCode } from '../../domain/features.js';
import { FEATURE_CODES } from '../../domain/features.js';
import type { Side } from '../../domain/participants.js';
import { gradesAt } from './grades.js';
import { BOTH_SIDES } from './people.js';
import type { Person, PersonVisit } from './people.js';
import { Random } from './random.js';

/** One project's reading of one knee: a grade, or OAI's code for why there is none. */
export interface SyntheticReading {
  readonly side: Side;
  readonly project: '15' | '37' | '42';
  readonly values: Readonly<Record<FeatureCode, number | string>>;
}

/**
 * Readings of a visit's film. Project 15 read every film up to V06 and all features; 37 (and 42, a pilot of it) read some
 * participants at those visits and everybody at V08 and V10, never sclerosis, cysts and attrition, and other features than KL
 * only where a knee of the participant ever reached KL 2.
 */
export function readingsAt(seed: number, person: Person, at: PersonVisit): SyntheticReading[] {
  const late = at.visit >= 'V08';
  const selection = new Random(seed, person.index, 'reading projects');
  const everDefinite = BOTH_SIDES.some((side) => gradesAt(person.courses[side], 10, false).XRKL >= 2);
  const second = selection.chance(everDefinite ? 0.6 : 0.12) ? (selection.chance(0.125) ? '42' : '37') : null;
  const read15 = !late && !(at.visit === 'V00' && selection.chance(0.004));
  const random = new Random(seed, person.index, at.visit, 'readings');
  const readings: SyntheticReading[] = [];
  for (const side of BOTH_SIDES) {
    const blurred = random.chance(0.0004);
    const disagreement = random.chance(0.014);
    if (read15)
      readings.push({ side, project: '15', values: values(at, side, (_, grade) => (blurred ? '.T' : grade)) });
    const other = late ? '37' : (second ?? (read15 ? null : '37'));
    if (other === null) continue;
    readings.push({
      side,
      project: other,
      values: values(at, side, (code, grade) => {
        if (NOT_READ_BY_37.test(code) || (code !== 'XRKL' && !everDefinite)) return '.A';
        if (code === 'XRKL' && disagreement) return Math.max(0, Math.min(4, grade + (grade > 1 ? -1 : 1)));
        return grade;
      }),
    });
  }
  return readings;
}

const NOT_READ_BY_37 = /^XR(SC|CY|ATT)/;

function values(
  at: PersonVisit,
  side: Side,
  read: (code: FeatureCode, grade: number) => number | string,
): Record<FeatureCode, number | string> {
  const grades = at.grades[side];
  const entries = FEATURE_CODES.map((code) => [code, grades === null ? '.P' : read(code, grades[code])]);
  return Object.fromEntries(entries) as Record<FeatureCode, number | string>;
}
