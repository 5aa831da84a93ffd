import type { Side } from '../../domain/participants.js';
import type { VisitCode } from '../../domain/visits.js';
import { scoresAt } from './clinical.js';
import { BOTH_SIDES, type Person, type PersonVisit } from './people.js';
import { Random } from './random.js';
import { KEY, missing, MISSING_FORM } from './table-cells.js';

/**
 * Columns and rows of tables that no field of ours takes: joint symptoms (JointSx) and the joint space width measured on films
 * (kxr_qjsw_duryea). They show how any variable of a release is found.
 */

export function symptomsHeader(visit: VisitCode): string[] {
  return [
    ...KEY,
    ...SYMPTOMS.flatMap((name) => [`${visit}${name}L`, `${visit}${name}R`]),
    `${visit}KPNL12`,
    `${visit}KPNR12`,
  ];
}

/** KOOS symptoms, 0 (worst) to 100, ICOAP's total pain, 0 (none) to 100, and whether the knee hurt in the last year. */
export function symptomsRow(seed: number, person: Person, at: PersonVisit): (string | number)[] {
  const random = new Random(seed, person.index, at.visit, 'joint symptoms');
  const knees = scoresAt(seed, person, at);
  const drawn = Object.fromEntries(
    BOTH_SIDES.map((side) => {
      const [spread, doubt] = [random.normal(0, 6), random.chance(0.01)];
      const scores = knees[side];
      if (scores === null) return [side, null];
      const symptoms = rounded(100 - scores.pain * 3.4 - scores.stiffness * 2 - Math.abs(spread), 3.5714);
      return [
        side,
        { symptoms, icoap: doubt ? missing('.D') : rounded(scores.pain * 4.4 + spread, 2.2727), hurt: scores.pain > 2 },
      ];
    }),
  ) as Record<Side, { symptoms: number; icoap: string | number; hurt: boolean } | null>;
  const of = (pick: (knee: NonNullable<(typeof drawn)[Side]>) => string | number): (string | number)[] =>
    (['LEFT', 'RIGHT'] as const).map((side) => (drawn[side] === null ? MISSING_FORM : pick(drawn[side])));
  return [
    person.id,
    '25',
    ...of(({ symptoms }) => symptoms),
    ...of(({ icoap }) => icoap),
    ...of(({ hurt }) => (hurt ? '1: Yes' : '0: No')),
  ];
}

export function widthsHeader(visit: VisitCode): string[] {
  return [
    'ID',
    'SIDE',
    'READPRJ',
    'VERSION',
    ...['BARCDJD', 'BMANG', ...MEDIAL, ...LATERAL, 'MCMJSW'].map((name) => visit + name),
  ];
}

/** One row per knee: joint space width in mm at places across either compartment. A prosthesis has none. */
export function widthsRows(seed: number, person: Person, at: PersonVisit): (string | number)[][] {
  return BOTH_SIDES.map((side) => {
    const key = [person.id, side === 'RIGHT' ? '1: Right' : '2: Left', '15', '0.9', at.filmBarcode];
    const grades = at.grades[side];
    const none = missing('.P');
    if (grades === null) return [...key, none, ...[...MEDIAL, ...LATERAL].map(() => none), none];
    const own = new Random(seed, person.index, side, 'joint space');
    const [medial, lateral] = [own.normal(5.2, 0.7) - 1.3 * grades.XRJSM, own.normal(6.4, 0.8) - 1.5 * grades.XRJSL];
    const random = new Random(seed, person.index, at.visit, side, 'joint space');
    const unreadable = random.chance(0.01);
    const angle = Math.round(random.normal(0.2, 0.9) * 100) / 100;
    const widths = (whole: number, count: number): number[] =>
      Array.from({ length: count }, (_, index) => millimetres(whole + 0.08 * index + random.normal(0, 0.12)));
    const [inner, outer] = [widths(medial, MEDIAL.length), widths(lateral, LATERAL.length)];
    if (unreadable) return [...key, missing('.T'), ...[...inner, ...outer].map(() => missing('.T')), missing('.T')];
    return [...key, angle, ...inner, ...outer, Math.min(...inner)];
  });
}

const SYMPTOMS = ['KOOSYM', 'ICPTSK'];
const steps = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => String(from + 25 * index));
const MEDIAL = steps(150, 7).map((place) => `JSW${place}`);
const LATERAL = steps(700, 9).map((place) => `LJSW${place}`);

/** The nearest multiple of a step from 0 to 100, to a tenth. */
function rounded(value: number, step: number): number {
  return Math.round(Math.max(0, Math.min(100, Math.round(value / step) * step)) * 10) / 10;
}

function millimetres(value: number): number {
  return Math.round(Math.max(0, value) * 1000) / 1000;
}
