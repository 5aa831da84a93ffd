import { UserError } from '../domain/errors.js';
import { aNode, decodeId } from '../domain/global-ids.js';
import type { NodeType } from '../domain/global-ids.js';

/** The database key behind an id of a kind. @throws UserError BAD_USER_INPUT when it is none. */
export function keyOf(argument: string, type: NodeType, id: string): string {
  const decoded = decodeId(id);
  if (decoded?.type === type) return String(decoded.key);
  throw new UserError('BAD_USER_INPUT', `${argument} must be the id of ${aNode(type)}.`);
}

/** The keys of the film that an input names. @throws UserError as {@link keyOf} */
export function filmKeys({ examId, radiographId, uploadId }: FilmIds): {
  examId: number | null;
  radiographId: number | null;
  uploadId: string | null;
} {
  return {
    examId: examId == null ? null : Number(keyOf('examId', 'KneeExam', examId)),
    radiographId: radiographId == null ? null : Number(keyOf('radiographId', 'Radiograph', radiographId)),
    uploadId: uploadId == null ? null : keyOf('uploadId', 'UploadedRadiograph', uploadId),
  };
}

interface FilmIds {
  examId?: string | null;
  radiographId?: string | null;
  uploadId?: string | null;
}
