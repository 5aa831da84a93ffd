import type { ApiClient } from '../api-client.js';

const GRADES = [0, 1, 2, 3, 4] as const;

type Counts = Record<string, { totalCount: number }>;

const SEXES = ['FEMALE', 'MALE'] as const;

const SELECTIONS = GRADES.flatMap((kl) => SEXES.map((sex) => selection(kl, sex)));

/** Knees at baseline by KL grade and sex, counted by the database. */
const COHORT_QUERY = ['query KneesByKlAndSex {', ...SELECTIONS, '}'].join('\n');

/** The query as the demo shows it: its first lines, the others alike. */
export const COHORT_QUERY_SHOWN = ['query KneesByKlAndSex {', ...SELECTIONS.slice(0, 2), '  ...', '}'].join('\n');

function selection(kl: number, sex: string): string {
  const where = `{ visit: { eq: V00 }, kl: { eq: ${kl} }, participant: { sex: { eq: ${sex} } } }`;
  return `  kl${kl}_${sex}: kneeExams(where: ${where}) { totalCount }`;
}

/** Runs the cohort query and lays its counts out as a table of KL grade by sex. */
export async function cohortTable(api: ApiClient): Promise<string> {
  const counts = await api.request<Counts>(COHORT_QUERY);
  const rows = GRADES.map((kl) => {
    const [women, men] = SEXES.map((sex) => counts[`kl${kl}_${sex}`]?.totalCount ?? 0) as [number, number];
    return { kl, women, men };
  });
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
