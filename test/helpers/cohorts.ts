import type { DataSource } from 'typeorm';
import { ask, type TestServer } from './server.js';

/**
 * A small study: `count` participants with both knees at V00 and V06. Number n (from 0) has the OAI id 1500000 + n, is 50 + n years
 * old, a woman when n is even; the KL grade of the right knee is n mod 5, of the left one n + 1 mod 5.
 */
export async function makeStudy(dataSource: DataSource, count: number): Promise<void> {
  await dataSource.query(
    `INSERT INTO participant (oai_id, sex, race, phantom)
     SELECT (1500000 + n)::text, CASE n % 2 WHEN 0 THEN 'FEMALE' ELSE 'MALE' END, 'WHITE', true
     FROM generate_series(0, $1::integer - 1) n ORDER BY n`,
    [count],
  );
  await dataSource.query(
    `INSERT INTO visit (participant_id, code, month, age, bmi)
     SELECT p.id, v.code, v.month, 50 + p.oai_id::integer - 1500000, 27.5
     FROM participant p, (VALUES ('V00', 0), ('V06', 48)) v (code, month) ORDER BY p.id, v.month`,
  );
  await dataSource.query(
    `INSERT INTO knee_exam (visit_id, participant_id, side, xrkl)
     SELECT v.id, v.participant_id, k.side, (v.age - 50 + k.step) % 5
     FROM visit v, (VALUES ('RIGHT', 0), ('LEFT', 1)) k (side, step) ORDER BY v.id, k.step`,
  );
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
  canChange: boolean;
  filter: Record<string, unknown> | null;
  problem: string | null;
  counts: { exams: number | null; participants: number | null };
}

const FIELDS =
  'id name description kind visibility version owner canChange filter problem counts { exams participants }';

/** Makes a cohort on a server of which only the address is known. @returns its id */
export async function makeCohort(url: string, token: string, input: object): Promise<string> {
  const query = 'mutation ($input: CreateCohortInput!) { createCohort(input: $input) { cohort { id } } }';
  return only(await ask<{ createCohort: { cohort: { id: string } } }>(url, query, { input }, token)).createCohort.cohort
    .id;
}

/** Makes a cohort over the API. */
export async function createCohort(api: TestServer, input: object, token?: string): Promise<CohortAnswer> {
  return only(
    await api.ask<{ createCohort: { cohort: CohortAnswer } }>(
      `mutation ($input: CreateCohortInput!) { createCohort(input: $input) { cohort { ${FIELDS} } } }`,
      { input: { name: 'A cohort', ...input } },
      token,
    ),
  ).createCohort.cohort;
}

/** Makes a new version of a cohort over the API. */
export async function updateCohort(api: TestServer, input: object, token?: string): Promise<CohortAnswer> {
  return only(
    await api.ask<{ updateCohort: { cohort: CohortAnswer } }>(
      `mutation ($input: UpdateCohortInput!) { updateCohort(input: $input) { cohort { ${FIELDS} } } }`,
      { input },
      token,
    ),
  ).updateCohort.cohort;
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
