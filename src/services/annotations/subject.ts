import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { Generation, KneeExam, UploadedRadiograph } from '../../entities/index.js';
import type { TokenPrincipal } from '../../policy/index.js';
import { requireUploadReader } from '../uploads/index.js';

/** What is tagged and noted. */
export type Subject = { type: 'KneeExam'; id: number } | { type: 'Generation'; id: string };

/** Columns of a tag or a note by which it belongs to its subject. */
export interface OfSubject {
  examId: number | null;
  generationId: string | null;
}

export function columnsOf({ type, id }: Subject): OfSubject {
  return type === 'KneeExam' ? { examId: id, generationId: null } : { examId: null, generationId: id };
}

export function subjectOf({ examId, generationId }: OfSubject): Subject {
  return examId === null ? { type: 'Generation', id: generationId! } : { type: 'KneeExam', id: examId };
}

/** The one of the columns that is filled, for a condition. */
export function conditionOf({ type, id }: Subject): { examId: number } | { generationId: string } {
  return type === 'KneeExam' ? { examId: id } : { generationId: id };
}

/** @throws UserError NOT_FOUND for what is not there, and for what was made from another's upload */
export async function requireSubject(
  database: DataSource | EntityManager,
  actor: TokenPrincipal,
  { type, id }: Subject,
): Promise<void> {
  if (type === 'KneeExam') {
    if (!(await database.getRepository(KneeExam).existsBy({ id })))
      throw new UserError('NOT_FOUND', 'There is no such knee exam.');
    return;
  }
  const row = await database.getRepository(Generation).findOneBy({ id });
  if (!row) throw new UserError('NOT_FOUND', 'There is no such generation.');
  if (row.uploadId === null) return;
  const upload = await database.getRepository(UploadedRadiograph).findOneByOrFail({ id: row.uploadId });
  requireUploadReader(upload, actor, 'generation');
}
