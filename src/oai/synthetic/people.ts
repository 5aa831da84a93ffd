import type { Sex, Side } from '../../domain/participants.js';
import { visitMonth } from '../../domain/visits.js';
import type { VisitCode } from '../../domain/visits.js';
import { drawCourses, gradesAt, redrawn } from './grades.js';
import type { GradeChanges, KneeCourse, KneeGrades } from './grades.js';
import { Random } from './random.js';

/** One invented participant. Everything follows from the release seed and the participant's index. */
export interface Person {
  readonly index: number;
  /** 7 digits, starting with 1. */
  readonly id: string;
  readonly sex: Sex;
  /** OAI codes: race 0-3, Hispanic 0/1, half of the cohort 1/2, cohort 1-3, site A-E. */
  readonly race: number;
  readonly hispanic: number;
  readonly half: 1 | 2;
  readonly cohort: 1 | 2 | 3;
  readonly site: string;
  readonly age: number;
  /** mm and kg/m2 */
  readonly height: number;
  readonly bmi: number;
  /** UTC day of the baseline visit. */
  readonly baseline: Date;
  readonly courses: Readonly<Record<Side, KneeCourse>>;
  /** Months after baseline at which the knee was replaced; negative before it, infinite never. */
  readonly replacedAt: Readonly<Record<Side, number>>;
  /** Months after which the participant no longer came. */
  readonly lastMonth: number;
  /** Interim visit: 0 none, 1 at 18 months, 2 at 30 months. */
  readonly interim: 0 | 1 | 2;
}

/** A participant's visit. */
export interface PersonVisit {
  readonly visit: VisitCode;
  readonly date: Date;
  readonly age: number;
  readonly bmi: number;
  /** Barcodes of 12 digits. */
  readonly filmBarcode: string;
  readonly mriBarcodes: Readonly<Record<Side, string>>;
  /** True grades of both knees; null when the knee has been replaced. */
  readonly grades: Readonly<Record<Side, KneeGrades | null>>;
}

/** ID of the first participant; the others count on. */
export const FIRST_ID = 1000001;

export const BOTH_SIDES: readonly Side[] = ['RIGHT', 'LEFT'];

export function drawPerson(seed: number, index: number): Person {
  const random = new Random(seed, index, 'person');
  const sex: Sex = random.chance(2804 / 4796) ? 'FEMALE' : 'MALE';
  const age = Math.round(Math.max(45, Math.min(79, random.normal(61.2, 9.2))));
  const bmi = Math.round(Math.max(17.5, Math.min(46, random.normal(28.6, 4.8))) * 10) / 10;
  const [right, left] = drawCourses(new Random(seed, index, 'grades'), age, bmi);
  const half = random.chance(2686 / 4796) ? 1 : 2;
  const diseased = Math.max(right.severity, left.severity) > 0.4518;
  const cohort = diseased ? (random.chance(0.58) ? 1 : 2) : random.chance(0.05) ? 3 : 2;
  const dropout = random.uniform();
  return {
    index,
    id: String(FIRST_ID + index),
    sex,
    race: [0, 1, 2, 3][random.weighted([2, 79, 18, 1])]!,
    hispanic: random.chance(0.02) ? 1 : 0,
    half,
    cohort,
    site: 'ABCDE'[random.weighted([9, 29, 24, 31, 7])]!,
    age,
    height: Math.round(random.normal(sex === 'MALE' ? 1765 : 1625, 68)),
    bmi,
    baseline: new Date(Date.UTC(2004, 1, 10) + random.integer(820) * DAY),
    courses: { RIGHT: right, LEFT: left },
    replacedAt: { RIGHT: replacementMonth(right, random), LEFT: replacementMonth(left, random) },
    lastMonth: dropout < 0.3 ? Math.floor((dropout / 0.3) * 110) : Infinity,
    interim: ([0, 1, 2] as const)[new Random(seed, index, 'interim').weighted([4014, 288, 494])]!,
  };
}

/** A person at a visit, or null when they did not come. `changes` make other grades of those of the knee's course. */
export function visitOf(
  seed: number,
  person: Person,
  visit: VisitCode,
  { fixed, redraw }: GradeChanges = {},
): PersonVisit | null {
  const month = visitMonth(visit);
  const random = new Random(seed, person.index, visit, 'visit');
  const missed = random.chance(0.035);
  if ((visit === 'V02' && person.interim !== 1) || (visit === 'V04' && person.interim !== 2)) return null;
  if (month > 0 && (missed || month > person.lastMonth)) return null;
  const days = Math.round(month * 30.44 + (month > 0 ? random.normal(0, 18) : 0));
  const years = month / 12;
  const gradesOf = (side: Side) => {
    if (person.replacedAt[side] <= month) return null;
    const own = gradesAt(person.courses[side], years, month > 0);
    const drawn = redraw === undefined ? own : redrawn(own, new Random(seed, person.index, side, 'redraw', redraw));
    return { ...drawn, ...fixed };
  };
  const number = person.index * 14 + VISIT_NUMBERS[visit];
  return {
    visit,
    date: new Date(person.baseline.getTime() + days * DAY),
    age: person.age + Math.floor(years + 0.5 * random.uniform()),
    bmi: Math.round((person.bmi + (month > 0 ? random.normal(0, 0.7) : 0)) * 10) / 10,
    filmBarcode: `01660${String(100000 + number).padStart(7, '0')}`,
    mriBarcodes: {
      RIGHT: `01661${String(200000 + 2 * number).padStart(7, '0')}`,
      LEFT: `01661${String(200001 + 2 * number).padStart(7, '0')}`,
    },
    grades: { RIGHT: gradesOf('RIGHT'), LEFT: gradesOf('LEFT') },
  };
}

const DAY = 86_400_000;

const VISIT_NUMBERS: Readonly<Record<VisitCode, number>> = {
  V00: 0,
  V01: 1,
  V02: 2,
  V03: 3,
  V04: 4,
  V05: 5,
  V06: 6,
  V07: 7,
  V08: 8,
  V09: 9,
  V10: 10,
  V11: 11,
  V12: 12,
};

/** Knees are replaced some time after reaching KL 4; a few were before the study. */
function replacementMonth(course: KneeCourse, random: Random): number {
  const wait = random.between(18, 150);
  if (course.severity > 2.55 && random.chance(0.6)) return -12;
  const months = ((2.1 - course.severity) / course.rate) * 12;
  return random.chance(0.75) ? Math.max(6, months) + wait : Infinity;
}
