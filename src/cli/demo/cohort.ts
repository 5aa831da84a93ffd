import type { ApiClient } from '../api-client.js';

/** Knees at baseline by KL grade and sex, counted by the database. */
export const COHORT_QUERY = `query KneesByKlAndSex {
  kneeExamFacets(where: { visit: { eq: V00 }, kl: { isNull: false } }, by: [KL, SEX]) {
    values { value }
    exams
  }
}`;

interface Counts {
  kneeExamFacets: { values: { value: string }[]; exams: number }[];
}

const GRADES = [0, 1, 2, 3, 4] as const;

/** Runs the cohort query and lays its counts out as a table of KL grade by sex. */
export async function cohortTable(api: ApiClient): Promise<string> {
  const { kneeExamFacets } = await api.request<Counts>(COHORT_QUERY);
  const counts = new Map(
    kneeExamFacets.map(({ values, exams }) => [values.map(({ value }) => value).join(' '), exams]),
  );
  const rows = GRADES.map((kl) => ({
    kl,
    women: counts.get(`${kl} FEMALE`) ?? 0,
    men: counts.get(`${kl} MALE`) ?? 0,
  }));
  const widest = Math.max(...rows.map(({ women, men }) => women + men), 1);
  const line = (cells: (string | number)[]) => cells.map((cell) => String(cell).padStart(7)).join('');
  return [
    line(['KL', 'women', 'men', 'knees']),
    ...rows.map(({ kl, women, men }) => {
      const bar = '█'.repeat(Math.round((30 * (women + men)) / widest));
      return `${line([kl, women, men, women + men])}  ${bar}`;
    }),
  ].join('\n');
}
