import { type EntityManager, IsNull, Not } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { KneeExam, Radiograph } from '../entities/index.js';
import type { GenerationRequest } from './generations.js';

/** The knee that a volume is made for, and the film it is made from. */
export interface GenerationTarget {
  exam: KneeExam;
  radiograph: Radiograph;
}

/**
 * Finds the exam and the film that a request names, one by the other where only one is named.
 *
 * @throws UserError NOT_FOUND, BAD_USER_INPUT when they do not belong together, leave the knee open, or have no pixels
 */
export async function resolveTarget(manager: EntityManager, request: GenerationRequest): Promise<GenerationTarget> {
  const { examId, radiographId } = request;
  if (radiographId == null) {
    const exam = await findExam(manager, examId!);
    return { exam, radiograph: await filmOf(manager, exam) };
  }
  const radiograph = await manager.findOneBy(Radiograph, { id: radiographId });
  if (!radiograph) throw new UserError('NOT_FOUND', 'There is no such radiograph.');
  const exam = await examOn(manager, radiograph, request);
  if (radiograph.assetId === null) {
    throw new UserError('BAD_USER_INPUT', 'The radiograph has no pixels here; import its images first.');
  }
  return { exam, radiograph };
}

async function findExam(manager: EntityManager, id: number): Promise<KneeExam> {
  const exam = await manager.findOneBy(KneeExam, { id });
  if (!exam) throw new UserError('NOT_FOUND', 'There is no such knee exam.');
  return exam;
}

/** The film of an exam: the newest of this knee alone, else the newest of its visit. */
async function filmOf(manager: EntityManager, exam: KneeExam): Promise<Radiograph> {
  const withPixels = { assetId: Not(IsNull()) };
  const order = { id: 'DESC' } as const;
  const film =
    (await manager.findOne(Radiograph, { where: { examId: exam.id, ...withPixels }, order })) ??
    (await manager.findOne(Radiograph, { where: { visitId: exam.visitId, ...withPixels }, order }));
  if (!film) {
    throw new UserError(
      'BAD_USER_INPUT',
      'The exam has no radiograph with pixels; import its images or add one first.',
    );
  }
  return film;
}

/** The exam of the knee that is meant on a film. */
async function examOn(
  manager: EntityManager,
  radiograph: Radiograph,
  { examId, side }: GenerationRequest,
): Promise<KneeExam> {
  const exam = await namedExam(manager, radiograph, examId, side);
  const shown = radiograph.examId === null ? exam.visitId === radiograph.visitId : exam.id === radiograph.examId;
  if (!shown) throw new UserError('BAD_USER_INPUT', 'The radiograph does not show the knee of this exam.');
  if (side != null && side !== exam.side) {
    throw new UserError('BAD_USER_INPUT', `side is ${side}, but the exam is of the ${exam.side.toLowerCase()} knee.`);
  }
  return exam;
}

async function namedExam(
  manager: EntityManager,
  { examId: owner, visitId }: Radiograph,
  examId: GenerationRequest['examId'],
  side: GenerationRequest['side'],
): Promise<KneeExam> {
  if (examId != null) return findExam(manager, examId);
  if (owner !== null) return findExam(manager, owner);
  if (side == null) {
    throw new UserError('BAD_USER_INPUT', 'The radiograph shows both knees; say which one is meant by examId or side.');
  }
  const exam = await manager.findOneBy(KneeExam, { visitId: visitId!, side });
  if (!exam)
    throw new UserError('NOT_FOUND', `The visit of this radiograph has no exam of the ${side.toLowerCase()} knee.`);
  return exam;
}
