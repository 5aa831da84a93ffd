import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { GENERATION_STATES, type GenerationState } from '../../domain/generations.js';
import { queryRows } from '../../entities/index.js';

/** SQL of the key of a generation: SHA-256, lower-case hex, of what decides its result as jsonb writes it. @param parts SQL of each */
export function digestSql(parts: Readonly<Record<string, string>>): string {
  const entries = Object.entries(parts).map(([name, sql]) => `'${name}', ${sql}`);
  return `encode(sha256(convert_to(jsonb_build_object(${entries.join(', ')})::text, 'UTF8')), 'hex')`;
}

/** An exam, and the key of what is wanted for it. */
export interface Wanted {
  examId: number;
  key: string;
}

/**
 * The newest generations that give, or gave, what is wanted, in one statement: of each exam and key the one that is furthest
 * among the states asked for. An exam without one is absent. Nobody deletes them before the transaction ends.
 *
 * @param states by default only finished ones
 * @returns ids of generations, by exam and key as {@link wantedId} writes them
 */
export async function findGenerationsByKey(
  manager: EntityManager,
  wanted: readonly Wanted[],
  states: readonly GenerationState[] = ['SUCCEEDED'],
): Promise<Map<string, { id: string; state: GenerationState }>> {
  const rows = await queryRows(
    manager,
    FOUND,
    `SELECT exam_id AS "examId", key, id, state FROM generation WHERE id IN (
       SELECT DISTINCT ON (g.exam_id, g.key) g.id
       FROM unnest($1::integer[], $2::text[]) AS w (exam_id, key) JOIN generation g ON g.key = w.key AND g.exam_id = w.exam_id
       WHERE g.state = ANY($3::text[])
       ORDER BY g.exam_id, g.key, array_position(ARRAY['SUCCEEDED', 'RUNNING', 'QUEUED'], g.state), g.finished_at DESC)
     FOR KEY SHARE`,
    [wanted.map(({ examId }) => examId), wanted.map(({ key }) => key), states],
  );
  return new Map(rows.map(({ id, state, ...row }) => [wantedId(row), { id, state }]));
}

const FOUND = z.object({
  examId: z.number(),
  key: z.string(),
  id: z.string(),
  state: z.enum(GENERATION_STATES),
});

/** How {@link findGenerationsByKey} names what it found. */
export function wantedId({ examId, key }: Wanted): string {
  return `${examId} ${key}`;
}
