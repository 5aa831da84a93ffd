import type { VariablesOf } from '../../lib/graphql.ts';
import type { GENERATE } from '../generate/queries.ts';

type Grades = NonNullable<VariablesOf<typeof GENERATE>['input']['features']>;

export const COMPARTMENTS = ['medial', 'lateral'] as const;
export type Compartment = (typeof COMPARTMENTS)[number];

/** Kellgren-Lawrence grades, none to severe. */
export const KL_GRADES = [0, 1, 2, 3, 4] as const;

/**
 * What goes with each Kellgren-Lawrence grade in a knee whose one compartment is ill, by the grade's definition (Kellgren and Lawrence 1957):
 * doubtful lipping; definite osteophytes; these with narrowing and some sclerosis; marked narrowing, severe sclerosis and deformity. A set
 * that contradicts itself, such as KL 0 with a narrow joint, shows a model nothing that it has learned.
 */
const BY_KL: readonly (readonly [osteophytes: number, narrowing: number, sclerosis: number, attrition: number])[] = [
  [0, 0, 0, 0],
  [1, 0, 0, 0],
  [2, 1, 0, 0],
  [2, 2, 1, 0],
  [3, 3, 3, 1],
];

/** The whole set of grades of a knee with this Kellgren-Lawrence grade; what is not named in it is 0. */
export function severity(kl: number, compartment: Compartment): Grades {
  const [osteophytes, narrowing, sclerosis, attrition] = BY_KL[kl]!;
  const ill = compartment === 'medial' ? 'M' : 'L';
  const sided = (['M', 'L'] as const).flatMap((side) => {
    const here = (grade: number) => (side === ill ? grade : 0);
    return [
      { feature: `XROSF${side}`, grade: here(osteophytes) },
      { feature: `XROST${side}`, grade: here(osteophytes) },
      { feature: `XRJS${side}`, grade: here(narrowing) },
      { feature: `XRSCF${side}`, grade: here(sclerosis) },
      { feature: `XRSCT${side}`, grade: here(sclerosis) },
      { feature: `XRATT${side}`, grade: here(attrition) },
      { feature: `XRCYF${side}`, grade: 0 },
      { feature: `XRCYT${side}`, grade: 0 },
      { feature: `XRCH${side}`, grade: 0 },
    ];
  });
  return [{ feature: 'XRKL', grade: kl }, ...sided] as Grades;
}

/** What a run was asked for, read from it and not from where it stands: Kellgren-Lawrence grade and ill compartment, where it has them. */
export function readSet(grades: readonly { feature: string; grade: number | null }[]): {
  kl: number | undefined;
  compartment: Compartment | undefined;
} {
  const gradeOf = (code: string) => grades.find(({ feature }) => feature === code)?.grade ?? undefined;
  const ill = COMPARTMENTS.find((name) => (gradeOf(name === 'medial' ? 'XROSFM' : 'XROSFL') ?? 0) > 0);
  return { kl: gradeOf('XRKL'), compartment: ill };
}
