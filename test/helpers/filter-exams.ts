import type { Grades } from '../../src/domain/features.js';
import type {
  Generation,
  KneeExam,
  MriSeries,
  Participant,
  Radiograph,
  Reading,
  Visit,
} from '../../src/entities/index.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { factories, type Factories, randomNumbers } from './factories.js';
import type { TestServer } from './server.js';

/** An exam with everything its filter can see. */
export interface Known {
  exam: KneeExam;
  visit: Visit;
  participant: Participant;
  readings: Reading[];
  films: Radiograph[];
  /** Real and generated. */
  series: MriSeries[];
  generations: Generation[];
}

/** A filter, and which exams it means in plain TypeScript. */
export type FilterCase = [name: string, where: object | null, expected: (known: Known) => boolean];

/** Asks for the exams of a filter and holds page and count to those that `expected` names. */
export async function expectSelected(
  api: TestServer,
  exams: readonly Known[],
  where: object | null,
  expected: (known: Known) => boolean,
): Promise<void> {
  const answer = await api.ask<{ kneeExams: { totalCount: number; nodes: { id: string }[] } }>(
    'query ($where: KneeExamFilter) { kneeExams(where: $where, first: 200) { totalCount nodes { id } } }',
    { where },
  );

  const wanted = exams.filter(expected).map(({ exam }) => encodeId('KneeExam', exam.id));
  expect(answer.errors).toBeUndefined();
  expect(answer.data!.kneeExams.nodes.map(({ id }) => id)).toEqual(wanted);
  expect(answer.data!.kneeExams.totalCount).toBe(wanted.length);
}

/** Names of the cases that tell nothing: those that select every exam or none. */
export function trivialCases(cases: readonly FilterCase[], exams: readonly Known[]): string[] {
  return cases.filter(([, , expected]) => new Set(exams.map(expected)).size < 2).map(([name]) => name);
}

/** A comparison with a missing value is never true. */
export function has<T>(value: T | null | undefined, test: (value: T) => boolean): boolean {
  return value !== null && value !== undefined && test(value);
}

/** A stored film that shows the knee. */
export function hasFilm({ films }: Known): boolean {
  return films.some(({ assetId }) => assetId !== null);
}

/** A stored real series of the knee. */
export function hasMri({ series }: Known): boolean {
  return series.some(({ synthetic, assetId }) => !synthetic && assetId !== null);
}

/**
 * 30 participants, three visits, both knees: every column has some missing values and some ties. Written in one transaction,
 * which takes a third of the time.
 */
export function makeFilterExams({ dataSource }: TestServer): Promise<Known[]> {
  return dataSource.transaction((manager) => makeExams(factories(manager)));
}

async function makeExams(make: Factories): Promise<Known[]> {
  const random = randomNumbers(11);
  const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)]!;
  const bundle = await make.bundle();
  const known: Known[] = [];
  for (let index = 0; index < 30; index++) {
    const participant = await make.participant({
      sex: pick('MALE', 'FEMALE', null),
      race: pick('WHITE', 'BLACK', 'ASIAN', null),
      cohort: pick('PROGRESSION', 'INCIDENCE'),
      site: pick('A', 'B', 'C', null),
      phantom: random() < 0.8,
    });
    for (const code of ['V00', 'V03', 'V06'] as const) {
      // Some people miss a visit.
      if (code !== 'V00' && random() < 0.1) continue;
      const visit = await make.visit(participant, {
        code,
        date: pick('2004-10-28', '2006-11-02', null),
        age: random() < 0.1 ? null : 45 + Math.floor(random() * 35),
        bmi: pick(27.3, 31.1, 24.9, 40.2, null),
      });
      const bilateral =
        random() < 0.4
          ? await make.radiograph(visit, {
              rows: pick(2048, 1024, null),
              assetId: random() < 0.7 ? (await make.asset()).id : null,
            })
          : null;
      for (const side of ['RIGHT', 'LEFT'] as const) {
        const exam = await make.exam(visit, {
          side,
          preferredProject: pick('15', '37', null),
          grades: { XRKL: pick(0, 1, 2, 3, 4, null), XROSTM: pick(0, 1, 2, 3, null), XRJSM: pick(0, 1, 2, null) },
          womacPain: pick(0, 4.5, 4.6, 7, null),
          koosPain: pick(20, 50, 88.9, null),
        });
        const readings: Reading[] = [];
        for (const project of ['15', '37'] as const) {
          if (random() < 0.5) continue;
          const grades = { XRKL: pick(0, 1, 2, 3, 4, null), XRJSM: pick(0, 1, 1.4, 2, null) };
          readings.push(
            await make.reading(exam, {
              project,
              version: pick('0.8', '0.9'),
              grades,
              missing: missingCode(grades, pick('.P', '.T')),
            }),
          );
        }
        const single = random() < 0.2 ? await make.radiograph(exam, { assetId: (await make.asset()).id }) : null;
        const stored = random() < 0.6;
        const hasSeries = random() < 0.5;
        const series: MriSeries[] = [];
        if (hasSeries) {
          const plane = pick('CORONAL', 'SAGITTAL', null);
          const sliceSpacing = pick(0.7, 1.5, null);
          series.push(
            await make.series(exam, { plane, sliceSpacing, assetId: stored ? (await make.asset()).id : null }),
          );
        }
        const generations: Generation[] = [];
        const film = single ?? bilateral;
        if (film && random() < 0.6) {
          const generation = await make.generation(exam, film, bundle, {
            state: pick('SUCCEEDED', 'FAILED'),
            psnr: pick(19.5, 22.25, null),
          });
          series.push(await make.series(exam, { generationId: generation.id, assetId: (await make.asset()).id }));
          generations.push(generation);
        }
        const films = [single, bilateral].filter((each) => each !== null);
        known.push({ exam, visit, participant, readings, films, series, generations });
      }
    }
  }
  return known;
}

/** OAI gives a code only where the grade is missing. */
function missingCode({ XRKL }: Grades, code: string): Reading['missing'] {
  return XRKL === null ? { XRKL: code } : {};
}
