import type { TestServer } from './server.js';

/** A small study: `count` participants with both knees at V00 and V06; the KL grade of a knee is (number + knee) mod 5. */
export async function makeStudy({ make }: Pick<TestServer, 'make'>, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const participant = await make.participant({ sex: number % 2 === 0 ? 'FEMALE' : 'MALE' });
    for (const code of ['V00', 'V06'] as const) {
      const visit = await make.visit(participant, { code, age: 50 + number });
      for (const [knee, side] of (['RIGHT', 'LEFT'] as const).entries()) {
        await make.exam(visit, { side, grades: { XRKL: (number + knee) % 5 } });
      }
    }
  }
}

/** What tests ask of a cohort. */
export interface CohortAnswer {
  id: string;
  name: string;
  description: string;
  kind: string;
  visibility: string;
  version: number;
  owner: string | null;
  mayChange: boolean;
  filter: Record<string, unknown> | null;
  problem: string | null;
  counts: { exams: number | null; participants: number | null };
}

const FIELDS =
  'id name description kind visibility version owner mayChange filter problem counts { exams participants }';

/** Makes a cohort over the API. */
export async function createCohort(api: TestServer, input: object, token?: string): Promise<CohortAnswer> {
  return only(
    await api.ask<{ createCohort: CohortAnswer }>(
      `mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ${FIELDS} } }`,
      { input: { name: 'A cohort', ...input } },
      token,
    ),
  ).createCohort;
}

/** Makes a new version of a cohort over the API. */
export async function updateCohort(api: TestServer, input: object, token?: string): Promise<CohortAnswer> {
  return only(
    await api.ask<{ updateCohort: CohortAnswer }>(
      `mutation ($input: UpdateCohortInput!) { updateCohort(input: $input) { ${FIELDS} } }`,
      { input },
      token,
    ),
  ).updateCohort;
}

/** Finds a cohort over the API; null where there is none for the token. */
export async function readCohort(api: TestServer, id: string, token?: string): Promise<CohortAnswer | null> {
  return only(
    await api.ask<{ cohort: CohortAnswer | null }>(`query ($id: ID!) { cohort(id: $id) { ${FIELDS} } }`, { id }, token),
  ).cohort;
}

/** Ids of the exams that a filter selects, in order of id. */
export async function examsWhere(api: TestServer, where: object, token?: string): Promise<string[]> {
  const answer = await api.ask<{ kneeExams: { nodes: { id: string }[]; totalCount: number } }>(
    'query ($where: KneeExamFilter) { kneeExams(where: $where, first: 200) { nodes { id } totalCount } }',
    { where },
    token,
  );
  const { nodes, totalCount } = only(answer).kneeExams;
  if (totalCount !== nodes.length) throw new Error(`The page has ${nodes.length} of ${totalCount} exams.`);
  return nodes.map(({ id }) => id);
}

/** The data of an answer without errors. */
export function only<T>({
  data,
  errors,
}: {
  data: T | null | undefined;
  errors: { message: string }[] | undefined;
}): T {
  if (errors || !data) throw new Error(errors?.map(({ message }) => message).join(' ') ?? 'There is no data.');
  return data;
}
