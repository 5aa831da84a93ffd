import type { KneeAnatomy } from './anatomy.js';
import type { KneeGrades } from './grades.js';
import { type Random } from './random.js';
import type { Point } from './sdf.js';

/** One of the four places where osteophytes, sclerosis and cysts are graded. */
export const SITES = ['FM', 'FL', 'TM', 'TL'] as const;
export type Site = (typeof SITES)[number];

export interface Osteophyte {
  readonly site: Site;
  readonly radius: number;
  /** How far it stands out of the margin, and how far it points away from the joint. */
  readonly reach: number;
  readonly droop: number;
  readonly from: number;
  readonly to: number;
}

export interface Cyst {
  readonly site: Site;
  readonly centre: Point;
  readonly radius: number;
}

/** Grades of one visit turned into lengths, in mm of the standard knee (37 mm half-width). */
export interface Disease {
  readonly medialGap: number;
  readonly lateralGap: number;
  readonly medialExtrusion: number;
  readonly lateralExtrusion: number;
  readonly medialAttrition: number;
  readonly lateralAttrition: number;
  readonly osteophytes: readonly Osteophyte[];
  readonly cysts: readonly Cyst[];
  /** Depth of the dense zone under the joint surface, per site; 0 = none. */
  readonly sclerosis: Readonly<Record<Site, number>>;
  readonly calcifiedMedial: boolean;
  readonly calcifiedLateral: boolean;
  /** Seed of the pattern of calcium crystals. */
  readonly calcium: number;
  readonly effusion: number;
}

/** `own` must be the same stream at every visit of a knee, so that an osteophyte grows where it was. */
export function diseaseOf(anatomy: KneeAnatomy, grades: KneeGrades, own: Random): Disease {
  const osteophytes: Osteophyte[] = [];
  const cysts: Cyst[] = [];
  const sclerosis = { FM: 0, FL: 0, TM: 0, TL: 0 };
  for (const site of SITES) {
    const grade = grades[`XROS${site}`];
    const size = own.normal(1, 0.14);
    const droop = own.between(-0.2, 1);
    const from = own.between(-20, -8);
    const to = own.between(6, 14);
    if (grade > 0) {
      osteophytes.push({
        site,
        radius: OSTEOPHYTE_RADIUS[grade]! * size,
        reach: OSTEOPHYTE_REACH[grade]! * size,
        droop,
        from,
        to,
      });
    }
    sclerosis[site] = SCLEROSIS_DEPTH[grades[`XRSC${site}`]]! * own.normal(1, 0.12);
    const sign = site[1] === 'M' ? 1 : -1;
    for (let i = 0; i < 3; i++) {
      const radius = own.between(2, 3.8) * (i === 0 ? 1.15 : 0.8);
      const depth = own.between(2.2, 5);
      const x = sign * (anatomy.condyleSplit + own.between(-7, 9));
      const z = own.between(-14, 8);
      if (grades[`XRCY${site}`] > 0) {
        const y = site[0] === 'F' ? -4 - radius - depth * 0.7 : 3.5 + radius + depth * 0.7;
        cysts.push({ site, centre: [x, y, z], radius });
      }
    }
  }
  return {
    medialGap: narrowed(anatomy.medialGap, grades.XRJSM),
    lateralGap: narrowed(anatomy.lateralGap, grades.XRJSL),
    medialExtrusion: grades.XRJSM * 1.4 + 0.3 * grades.XRKL,
    lateralExtrusion: grades.XRJSL * 1.4,
    medialAttrition: ATTRITION_DEPTH[grades.XRATTM]!,
    lateralAttrition: ATTRITION_DEPTH[grades.XRATTL]!,
    osteophytes,
    cysts,
    sclerosis,
    calcifiedMedial: grades.XRCHM > 0,
    calcifiedLateral: grades.XRCHL > 0,
    calcium: own.bits(),
    effusion: Math.min(3, anatomy.effusion * 0.6 + 0.45 * grades.XRKL),
  };
}

const OSTEOPHYTE_RADIUS = [0, 1.5, 2.3, 3.3] as const;
const OSTEOPHYTE_REACH = [0, 1.3, 3.2, 5.6] as const;
const SCLEROSIS_DEPTH = [0, 2.6, 4.6, 7.5] as const;
const ATTRITION_DEPTH = [0, 1.4, 2.8, 4.4] as const;

/** Bone-to-bone distance: whole grades at 100, 70, 40 and 3 % of the healthy width, decimals between them. */
function narrowed(healthy: number, grade: number): number {
  const fractions = [1, 0.7, 0.4, 0.03];
  const whole = Math.floor(grade);
  const here = fractions[whole]!;
  const next = fractions[Math.min(3, whole + 1)]!;
  return Math.max(0.1, healthy * (here + (next - here) * (grade - whole)));
}
