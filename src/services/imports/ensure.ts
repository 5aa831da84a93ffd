import type { EntityManager } from 'typeorm';
import type { Side } from '../../domain/participants.js';
import { visitMonth, type VisitCode } from '../../domain/visits.js';
import { fromRecords, runBatch } from './statements.js';

/** A participant at a time point. */
export interface VisitKey {
  oaiId: string;
  visit: VisitCode;
}

/** One knee of a participant at a time point. */
export interface ExamKey extends VisitKey {
  side: Side;
}

/** Ids of the synthetic release start with 1; no real one does. */
export const PHANTOM_ID = '1%';

/**
 * Makes the participants that are not there yet: a table may name somebody whom Enrollees, which may come later or never,
 * does not list.
 */
export async function ensureParticipants(manager: EntityManager, oaiIds: Iterable<string>): Promise<void> {
  await manager.query(
    `INSERT INTO participant (oai_id, phantom)
     SELECT o, o LIKE '${PHANTOM_ID}' FROM unnest($1::text[]) AS o
     WHERE NOT EXISTS (SELECT 1 FROM participant p WHERE p.oai_id = o)
     ON CONFLICT DO NOTHING`,
    [[...new Set(oaiIds)]],
  );
}

/** Makes the visits, and the participants, that are not there yet. */
export async function ensureVisits(manager: EntityManager, keys: readonly VisitKey[]): Promise<void> {
  await ensureParticipants(
    manager,
    keys.map(({ oaiId }) => oaiId),
  );
  const visits = unique(keys.map(({ oaiId, visit }) => ({ oai_id: oaiId, code: visit, month: visitMonth(visit) })));
  await runBatch(
    manager,
    `INSERT INTO visit (participant_id, code, month)
     SELECT p.id, r.code, r.month ${fromRecords({ oai_id: 'text', code: 'text', month: 'smallint' })}
     JOIN participant p ON p.oai_id = r.oai_id
     WHERE NOT EXISTS (SELECT 1 FROM visit v WHERE v.participant_id = p.id AND v.code = r.code)
     ON CONFLICT DO NOTHING`,
    visits,
  );
}

/** Makes the exams, with their visits and participants, that are not there yet. */
export async function ensureExams(manager: EntityManager, keys: readonly ExamKey[]): Promise<void> {
  await ensureVisits(manager, keys);
  const exams = unique(keys.map(({ oaiId, visit, side }) => ({ oai_id: oaiId, code: visit, side })));
  await runBatch(
    manager,
    `INSERT INTO knee_exam (visit_id, participant_id, side)
     SELECT v.id, p.id, r.side ${fromRecords({ oai_id: 'text', code: 'text', side: 'text' })}
     JOIN participant p ON p.oai_id = r.oai_id JOIN visit v ON v.participant_id = p.id AND v.code = r.code
     WHERE NOT EXISTS (SELECT 1 FROM knee_exam e WHERE e.visit_id = v.id AND e.side = r.side)
     ON CONFLICT DO NOTHING`,
    exams,
  );
}

/** A bilateral film shows both knees, each of which is an exam. */
export function examsOf({ oaiId, visit }: VisitKey, side: Side | null): ExamKey[] {
  return (side === null ? (['RIGHT', 'LEFT'] as const) : [side]).map((knee) => ({ oaiId, visit, side: knee }));
}

function unique<T extends object>(records: readonly T[]): T[] {
  return [...new Map(records.map((record) => [Object.values(record).join(' '), record])).values()];
}
