import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { type Side, SIDES } from '../../domain/participants.js';
import { VISIT_CODES, visitMonth, type VisitCode } from '../../domain/visits.js';
import { fromBatch } from './statements.js';
import { KnownLevels } from './stored-levels.js';

/**
 * What an import fills, and queries join. PostgreSQL looks at tables by itself once a minute: where it did so in the middle of an import, it
 * plans for a fraction of the rows, and a comparison of two columns took four minutes instead of 30 ms.
 */
const FILLED_TABLES = [
  'participant',
  'visit',
  'knee_exam',
  'reading',
  'joint_outcome',
  'radiograph',
  'mri_series',
  'variable',
  'variable_coverage',
  'variable_level',
  'variable_block',
  'variable_line',
];

/** Has PostgreSQL plan for the rows that an import has made by now. */
export async function countFilledTables(database: Pick<EntityManager, 'query'>): Promise<void> {
  await database.query(`ANALYZE ${FILLED_TABLES.join()}`);
}

/** A participant at a time point. */
export interface VisitKey {
  oaiId: string;
  visit: VisitCode;
}

/** One knee of a participant at a time point. */
export interface ExamKey extends VisitKey {
  side: Side;
}

/**
 * Ids of the participants, visits and exams that one import has met, and what the cells of its variables say, so that its statements need not
 * look them up row by row.
 * It holds while nobody else adds any, which the import lock sees to; after a transaction was rolled back it must be cleared.
 */
export class ExamRegistry {
  /** @param phantoms whether the participants that it makes are phantoms: the release says so, never an id */
  constructor(readonly phantoms: boolean) {}

  readonly #participants = new Map<string, number>();
  readonly #visits = new Map<number, number>();
  readonly #exams = new Map<number, number>();
  readonly levels = new KnownLevels();
  /** Visits and exams that were made, now and when PostgreSQL last counted rows. */
  #made = 0;
  #counted = 250;

  /** Ids of participants, made where they are not there: a table may name somebody whom Enrollees does not list, or not yet. */
  async participants(manager: EntityManager, oaiIds: readonly string[]): Promise<number[]> {
    const strangers = [...new Set(oaiIds)].filter((oaiId) => !this.#participants.has(oaiId));
    if (strangers.length > 0) await this.#meet(manager, strangers);
    return oaiIds.map((oaiId) => this.#participants.get(oaiId)!);
  }

  /** Ids of visits, made with their participants where they are not there. */
  async visits(manager: EntityManager, keys: readonly VisitKey[]): Promise<number[]> {
    const participants = await this.participants(
      manager,
      keys.map(({ oaiId }) => oaiId),
    );
    const absent = new Map<number, [participant: number, visit: VisitCode]>();
    for (const [index, { visit }] of keys.entries()) {
      const key = visitKey(participants[index]!, visit);
      if (!this.#visits.has(key)) absent.set(key, [participants[index]!, visit]);
    }
    if (absent.size > 0) {
      const rows = [...absent.values()];
      const { from, parameters } = fromBatch({
        participant_id: ['integer', rows.map(([participant]) => participant)],
        code: ['text', rows.map(([, visit]) => visit)],
        month: ['smallint', rows.map(([, visit]) => visitMonth(visit))],
      });
      const made = await queryRows(
        manager,
        MADE_VISIT,
        `INSERT INTO visit (participant_id, code, month) SELECT * ${from} RETURNING id, participant_id AS "participantId", code`,
        parameters,
      );
      for (const { id, participantId, code } of made) this.addVisit(participantId, code, id);
      this.#made += made.length;
    }
    return keys.map(({ visit }, index) => this.#visits.get(visitKey(participants[index]!, visit))!);
  }

  /** Ids of exams, made with their visits and participants where they are not there. */
  async exams(manager: EntityManager, keys: readonly ExamKey[]): Promise<number[]> {
    const visits = await this.visits(manager, keys);
    const absent = new Map<number, [visit: number, oaiId: string, side: Side]>();
    for (const [index, { oaiId, side }] of keys.entries()) {
      const key = examKey(visits[index]!, side);
      if (!this.#exams.has(key)) absent.set(key, [visits[index]!, oaiId, side]);
    }
    if (absent.size > 0) {
      const rows = [...absent.values()];
      const { from, parameters } = fromBatch({
        visit_id: ['integer', rows.map(([visit]) => visit)],
        participant_id: ['integer', rows.map(([, oaiId]) => this.#participants.get(oaiId)!)],
        side: ['text', rows.map(([, , side]) => side)],
      });
      const made = await queryRows(
        manager,
        MADE_EXAM,
        `INSERT INTO knee_exam (visit_id, participant_id, side) SELECT * ${from} RETURNING id, visit_id AS "visitId", side`,
        parameters,
      );
      for (const { id, visitId, side } of made) this.addExam(visitId, side, id);
      this.#made += made.length;
    }
    return keys.map(({ side }, index) => this.#exams.get(examKey(visits[index]!, side))!);
  }

  /**
   * Has PostgreSQL count the rows whenever this import has made four times as many as when it last did. By itself it counts once a minute, and
   * after an import that was killed it goes on planning for empty tables: the lookups of a batch took 40 s each.
   */
  async planForWhatWasMade(manager: EntityManager): Promise<void> {
    if (this.#made < 4 * this.#counted) return;
    this.#counted = this.#made;
    await countFilledTables(manager);
  }

  /** The visit of a participant that this import has met, if there is one. */
  visitOf(participantId: number, visit: VisitCode): number | undefined {
    return this.#visits.get(visitKey(participantId, visit));
  }

  /** The exam of a visit that this import has met, if there is one. */
  examOf(visitId: number, side: Side): number | undefined {
    return this.#exams.get(examKey(visitId, side));
  }

  addVisit(participantId: number, visit: VisitCode, id: number): void {
    this.#visits.set(visitKey(participantId, visit), id);
  }

  addExam(visitId: number, side: Side, id: number): void {
    this.#exams.set(examKey(visitId, side), id);
  }

  /** Forgets everything: what a rolled-back transaction made is not there. */
  clear(): void {
    this.#participants.clear();
    this.#visits.clear();
    this.#exams.clear();
    this.levels.clear();
  }

  async #meet(manager: EntityManager, oaiIds: readonly string[]): Promise<void> {
    const { from, parameters } = fromBatch({
      oai_id: ['text', oaiIds],
      phantom: ['boolean', oaiIds.map(() => this.phantoms)],
    });
    await manager.query(
      `INSERT INTO participant (oai_id, phantom) SELECT r.* ${from}
       WHERE NOT EXISTS (SELECT 1 FROM participant p WHERE p.oai_id = r.oai_id)`,
      parameters,
    );
    const known = await queryRows(
      manager,
      KNOWN,
      `SELECT p.oai_id AS "oaiId", p.id AS "participantId", v.code, v.id AS "visitId", e.side, e.id AS "examId"
       FROM participant p LEFT JOIN visit v ON v.participant_id = p.id LEFT JOIN knee_exam e ON e.visit_id = v.id
       WHERE p.oai_id = ANY($1)`,
      [oaiIds],
    );
    for (const { oaiId, participantId, code, visitId, side, examId } of known) {
      this.#participants.set(oaiId, participantId);
      if (code && visitId) this.addVisit(participantId, code, visitId);
      if (visitId && side && examId) this.addExam(visitId, side, examId);
    }
  }
}

const MADE_VISIT = z.object({ id: z.number(), participantId: z.number(), code: z.enum(VISIT_CODES) });
const MADE_EXAM = z.object({ id: z.number(), visitId: z.number(), side: z.enum(SIDES) });
const KNOWN = z.object({
  oaiId: z.string(),
  participantId: z.number(),
  code: z.enum(VISIT_CODES).nullable(),
  visitId: z.number().nullable(),
  side: z.enum(SIDES).nullable(),
  examId: z.number().nullable(),
});

/** A bilateral film shows both knees, each of which is an exam. */
export function examsOf({ oaiId, visit }: VisitKey, side: Side | null): ExamKey[] {
  return (side === null ? (['RIGHT', 'LEFT'] as const) : [side]).map((knee) => ({ oaiId, visit, side: knee }));
}

/** Numbers as keys: tens of thousands of them cost a fraction of what strings would. */
function visitKey(participantId: number, visit: VisitCode): number {
  return participantId * 16 + VISIT_CODES.indexOf(visit);
}

function examKey(visitId: number, side: Side): number {
  return visitId * 2 + (side === 'LEFT' ? 1 : 0);
}
