import type { DataSource } from 'typeorm';
import type { Grades } from '../../src/domain/features.js';
import { FEATURE_CODES } from '../../src/domain/features.js';
import { visitMonth } from '../../src/domain/visits.js';
import type { VisitCode } from '../../src/domain/visits.js';

/** One person, and what is known of their knees at each visit they came to. */
export interface Person {
  sex: 'MALE' | 'FEMALE' | null;
  race?: string | null;
  cohort?: string | null;
  site?: string | null;
  visits: Partial<Record<VisitCode, { age?: number | null; bmi?: number | null; RIGHT?: Knee; LEFT?: Knee }>>;
}

export interface Knee {
  grades?: Grades;
  womacPain?: number | null;
  koosPain?: number | null;
}

/** Inserts people in one statement per table: tests of counts need thousands of knees. Their OAI ids go on from those there. */
export async function insertPeople(dataSource: DataSource, people: readonly Person[]): Promise<void> {
  const [{ last }] = (await dataSource.query(
    `SELECT coalesce(max(oai_id::integer), 1000000) AS last FROM participant`,
  )) as [{ last: number }];
  const ids = people.map((_, index) => String(last + 1 + index));
  await insert(
    dataSource,
    'participant',
    people.map(({ sex, race = 'WHITE', cohort = 'INCIDENCE', site = 'A' }, index) => ({
      oai_id: ids[index],
      sex,
      race,
      cohort,
      site,
      phantom: true,
    })),
  );
  const visits = people.flatMap((person, index) =>
    Object.entries(person.visits).map(([code, visit]) => ({ oaiId: ids[index]!, code: code as VisitCode, visit })),
  );
  const participantId = await keys(dataSource, 'SELECT oai_id AS name, id FROM participant');
  await insert(
    dataSource,
    'visit',
    visits.map(({ oaiId, code, visit: { age = 60, bmi = 27.5 } }) => ({
      participant_id: participantId.get(oaiId),
      code,
      month: visitMonth(code),
      age,
      bmi,
    })),
  );
  const visitId = await keys(
    dataSource,
    `SELECT oai_id || code AS name, visit.id FROM visit JOIN participant ON participant.id = participant_id`,
  );
  await insert(
    dataSource,
    'knee_exam',
    visits.flatMap(({ oaiId, code, visit }) =>
      (['RIGHT', 'LEFT'] as const).flatMap((side) => {
        const knee = visit[side];
        if (!knee) return [];
        return {
          participant_id: participantId.get(oaiId),
          visit_id: visitId.get(oaiId + code),
          side,
          womac_pain: knee.womacPain ?? null,
          koos_pain: knee.koosPain ?? null,
          ...Object.fromEntries(
            FEATURE_CODES.map((feature) => [feature.toLowerCase(), knee.grades?.[feature] ?? null]),
          ),
        };
      }),
    ),
  );
}

async function insert(dataSource: DataSource, table: string, rows: object[]): Promise<void> {
  if (rows.length === 0) return;
  const columns = Object.keys(rows[0]!).join(', ');
  await dataSource.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
    [JSON.stringify(rows)],
  );
}

async function keys(dataSource: DataSource, query: string): Promise<Map<string, number>> {
  const rows = (await dataSource.query(query)) as { name: string; id: number }[];
  return new Map(rows.map(({ name, id }) => [name, id]));
}
