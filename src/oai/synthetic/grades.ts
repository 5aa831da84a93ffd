import type { FeatureCode } from '../../domain/features.js';
import { FEATURE_CODES, maxGrade } from '../../domain/features.js';
import { type Random, weightedIndex } from './random.js';

/** All 19 grades of a knee; joint space narrowing may carry a within-grade decimal. */
export type KneeGrades = Record<FeatureCode, number>;

/**
 * The course of one knee's disease. Every feature has a quantile drawn once; a visit's grades follow from the severity at
 * that time and these quantiles, so nothing gets better between visits.
 */
export interface KneeCourse {
  /** Position on the normal scale whose thresholds give OAI's baseline mix of Kellgren-Lawrence grades. */
  readonly severity: number;
  /** Severity gained per year. */
  readonly rate: number;
  readonly diseased: 'M' | 'L' | 'BOTH';
  /** The margin that gets the first definite osteophyte. */
  readonly leading: 'XROSFM' | 'XROSTM' | 'XROSFL' | 'XROSTL';
  readonly quantiles: Readonly<Record<FeatureCode, number>>;
  readonly calcifiedMedial: boolean;
  readonly calcifiedLateral: boolean;
}

/** Severities at which KL 1, 2, 3 and 4 begin: quantiles of 5900/2698/2558/1300/295 of OAI's 12,751 baseline readings. */
const KL_THRESHOLDS = [-0.0936, 0.4518, 1.1499, 1.9945] as const;

/** How much of the severity the two knees of a person share. */
const SIDE_CORRELATION = 0.62;

/** Draws the courses of both knees, right first. */
export function drawCourses(random: Random, age: number, bmi: number): readonly [KneeCourse, KneeCourse] {
  const common = random.gaussian();
  const ageing = Math.max(0, (age - 62) / 9);
  const draw = (): KneeCourse => {
    const severity = Math.sqrt(SIDE_CORRELATION) * common + Math.sqrt(1 - SIDE_CORRELATION) * random.gaussian();
    const speed = Math.exp(random.normal(-3.6, 1.1) + 0.25 * Math.max(-2, Math.min(2, severity)) + 0.03 * (bmi - 28));
    const diseased = (['M', 'L', 'BOTH'] as const)[random.weighted([74, 20, 6])]!;
    const leading = leadingMargin(random, diseased);
    const quantiles = Object.fromEntries(FEATURE_CODES.map((code) => [code, random.uniform()])) as Record<
      FeatureCode,
      number
    >;
    const calcification = random.uniform();
    const risk = 0.04 + 0.045 * ageing;
    return {
      severity,
      rate: Math.min(0.35, speed),
      diseased,
      leading,
      quantiles,
      calcifiedMedial: calcification < risk,
      calcifiedLateral: calcification < risk * 0.75 || (calcification >= risk && calcification < risk * 1.3),
    };
  };
  return [draw(), draw()];
}

/** Grades of a knee `years` after baseline; `decimals` adds the within-grade narrowing that only follow-up readings have. */
export function gradesAt(course: KneeCourse, years: number, decimals: boolean): KneeGrades {
  const severity = course.severity + course.rate * years;
  const kl = KL_THRESHOLDS.filter((threshold) => severity >= threshold).length;
  const grades = Object.fromEntries(FEATURE_CODES.map((code) => [code, 0])) as KneeGrades;
  grades.XRKL = kl;
  for (const side of ['M', 'L'] as const) {
    const affected = course.diseased === 'BOTH' || course.diseased === side;
    const u = (code: FeatureCode) => course.quantiles[code];
    const narrowing: FeatureCode = `XRJS${side}`;
    grades[narrowing] = weightedIndex(affected ? NARROWING[kl]! : NARROWING_OTHER[kl]!, u(narrowing));
    for (const bone of ['F', 'T'] as const) {
      const osteophyte: FeatureCode = `XROS${bone}${side}`;
      const sclerosis: FeatureCode = `XRSC${bone}${side}`;
      const cyst: FeatureCode = `XRCY${bone}${side}`;
      grades[osteophyte] = weightedIndex(affected ? OSTEOPHYTES[kl]! : OSTEOPHYTES_OTHER[kl]!, u(osteophyte));
      if (course.leading === osteophyte) grades[osteophyte] = Math.max(grades[osteophyte], LEADING_OSTEOPHYTE[kl]!);
      if (affected) {
        grades[sclerosis] = Math.max(weightedIndex(SCLEROSIS[kl]!, u(sclerosis)), kl === 4 && bone === 'T' ? 2 : 0);
        grades[cyst] = u(cyst) < CYSTS[kl]! * (bone === 'T' ? 1.3 : 0.8) ? 1 : 0;
      }
    }
    if (grades[narrowing] >= 2) {
      grades[`XRATT${side}`] = weightedIndex(
        grades[narrowing] === 3 ? [42, 30, 19, 9] : [86, 11, 3, 0],
        u(`XRATT${side}`),
      );
    }
    if (decimals && course.rate * years > 0.02 && (grades[narrowing] === 1 || grades[narrowing] === 2)) {
      grades[narrowing] += withinGrade(course, side, severity, grades[narrowing]);
    }
  }
  grades.XRCHM = course.calcifiedMedial ? 1 : 0;
  grades.XRCHL = course.calcifiedLateral ? 1 : 0;
  return grades;
}

/** What is done to the grades that the course of a knee gives. */
export interface GradeChanges {
  /** Grades set in every knee. */
  readonly fixed?: Partial<KneeGrades> | undefined;
  /** Draws some of each knee's grades anew; another number draws others. */
  readonly redraw?: number | undefined;
}

/** Share of the grades that `redraw` draws anew. */
const REDRAWN = 0.35;

/**
 * The same knee with other findings: about a third of its grades drawn anew, each by itself and all levels alike. KL stays, so that a
 * finding is not told by the others. `random` must be the same stream at every visit of a knee.
 */
export function redrawn(grades: KneeGrades, random: Random): KneeGrades {
  const drawn = FEATURE_CODES.map((code): [FeatureCode, number] => {
    const another = random.chance(REDRAWN);
    const grade = random.integer(maxGrade(code) + 1);
    return [code, another && code !== 'XRKL' ? grade : grades[code]];
  });
  return Object.fromEntries(drawn) as KneeGrades;
}

/** Rows by KL: how often each grade of a feature is seen in the diseased compartment, and in the other one. Rows only move upwards. */
const NARROWING = [
  [100, 0, 0, 0],
  [84, 16, 0, 0],
  [52, 48, 0, 0],
  [0, 42, 58, 0],
  [0, 0, 0, 100],
] as const;
const NARROWING_OTHER = [
  [100, 0, 0, 0],
  [99, 1, 0, 0],
  [96, 4, 0, 0],
  [93, 7, 0, 0],
  [88, 11, 1, 0],
] as const;
const OSTEOPHYTES = [
  [100, 0, 0, 0],
  [78, 22, 0, 0],
  [36, 50, 13, 1],
  [14, 38, 33, 15],
  [4, 14, 34, 48],
] as const;
const OSTEOPHYTES_OTHER = [
  [100, 0, 0, 0],
  [90, 10, 0, 0],
  [56, 38, 6, 0],
  [34, 38, 20, 8],
  [18, 30, 30, 22],
] as const;
const LEADING_OSTEOPHYTE = [0, 1, 1, 2, 2] as const;
const SCLEROSIS = [
  [100, 0, 0, 0],
  [96, 4, 0, 0],
  [76, 20, 4, 0],
  [26, 38, 29, 7],
  [4, 16, 38, 42],
] as const;
const CYSTS = [0, 0.01, 0.05, 0.2, 0.48] as const;

function leadingMargin(random: Random, diseased: KneeCourse['diseased']): KneeCourse['leading'] {
  const side = diseased === 'L' || (diseased === 'BOTH' && random.chance(0.5)) ? 'L' : 'M';
  return `XROS${random.chance(0.45) ? 'F' : 'T'}${side}`;
}

/** Narrowing within a whole grade, in OAI's steps of 0.2: how far the severity is on its way to the next grade. */
function withinGrade(course: KneeCourse, side: 'M' | 'L', severity: number, grade: number): number {
  const next = grade === 1 ? KL_THRESHOLDS[2] : KL_THRESHOLDS[3];
  const span = 0.9 + 0.3 * course.quantiles[side === 'M' ? 'XRJSM' : 'XRJSL'];
  const fraction = Math.max(0, Math.min(0.99, 1 - (next - severity) / span));
  const fresh = Math.min(1, (severity - course.severity) / 0.3);
  return Math.min(4, Math.floor(fraction * fresh * 5)) / 5;
}
