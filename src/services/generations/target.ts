import { type EntityManager, IsNull, Not } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { FEATURE_CODES, type Grades } from '../../domain/features.js';
import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import { type Generation, KneeExam, Radiograph, STANDING, UploadedRadiograph } from '../../entities/index.js';
import { mayGenerateFromUpload } from '../../policy/index.js';
import type { TargetRequest } from './request.js';

/** The knee that is meant, and the film that shows it. */
export interface GenerationTarget {
  /** As the generation's row names them. */
  columns: Pick<Generation, 'examId' | 'radiographId' | 'uploadId' | 'side'>;
  /** The film's pixels. */
  assetId: number;
  knee: Side;
  /** Null where the knee detector is to find it. */
  box: SquareBox | null;
  /** What is known of the knee: an exam's preferred reading, nothing of an uploaded film. */
  grades: Grades;
}

/**
 * Finds what a request names: the exam and its film, one by the other where only one is named, or the actor's own upload.
 *
 * @throws UserError NOT_FOUND, BAD_USER_INPUT when they do not belong together, leave the knee open, or have no pixels
 */
export async function resolveTarget(
  manager: EntityManager,
  tokenId: number | null,
  request: TargetRequest,
): Promise<GenerationTarget> {
  if (request.uploadId != null) return uploadTarget(manager, tokenId, request.uploadId, request);
  const { exam, radiograph } = await examTarget(manager, request);
  return {
    columns: { examId: exam.id, radiographId: radiograph.id, uploadId: null, side: null },
    assetId: radiograph.assetId!,
    knee: exam.side,
    box: request.box ?? null,
    grades: gradesOf(exam),
  };
}

/** The whole film that is meant. */
export interface FilmTarget {
  columns: GenerationTarget['columns'];
  assetId: number;
  /** Pixels; null where its row does not say. */
  size: { rows: number; columns: number } | null;
}

/**
 * Finds the film that a request names, whichever knees it shows. Where nothing says which exam of a bilateral film the result is listed
 * at, it is the right knee's.
 *
 * @throws UserError as {@link resolveTarget}
 */
export async function resolveFilm(
  manager: EntityManager,
  tokenId: number | null,
  request: Omit<TargetRequest, 'box'>,
): Promise<FilmTarget> {
  if (request.uploadId != null) {
    const upload = await findUpload(manager, tokenId, request.uploadId);
    refuseOtherSide(upload, request.side);
    const { id, assetId, rows, columns, laterality } = upload;
    const side = request.side ?? laterality;
    return {
      columns: { examId: null, radiographId: null, uploadId: id, side },
      assetId,
      size: { rows, columns },
    };
  }
  const { exam, radiograph } = await examTarget(manager, await withSide(manager, request));
  const { id: radiographId, assetId, rows, columns } = radiograph;
  return {
    columns: { examId: exam.id, radiographId, uploadId: null, side: null },
    assetId: assetId!,
    size: rows === null || columns === null ? null : { rows, columns },
  };
}

/** A request that names a bilateral film and nothing else, with the side of an exam of its visit. */
async function withSide(manager: EntityManager, request: Omit<TargetRequest, 'box'>): Promise<TargetRequest> {
  const { examId, radiographId, side } = request;
  if (radiographId == null || examId != null || side != null) return request;
  const film = await manager.findOneBy(Radiograph, { id: radiographId });
  if (film?.visitId == null) return request;
  const [exam] = await manager.find(KneeExam, { where: { visitId: film.visitId }, order: { side: 'DESC' }, take: 1 });
  if (!exam) throw new UserError('NOT_FOUND', 'The visit of this radiograph has no knee exam.');
  return { ...request, side: exam.side };
}

async function uploadTarget(
  manager: EntityManager,
  tokenId: number | null,
  id: string,
  { side, box }: TargetRequest,
): Promise<GenerationTarget> {
  const upload = await findUpload(manager, tokenId, id);
  const knee = kneeOn(upload, side);
  const found = box ?? upload.knees.find((one) => one.side === null || one.side === knee)?.box;
  if (!found) {
    throw new UserError('BAD_USER_INPUT', `No ${knee.toLowerCase()} knee was found on the radiograph; give its box.`);
  }
  return {
    columns: { examId: null, radiographId: null, uploadId: id, side: knee },
    assetId: upload.assetId,
    knee,
    // A film of one knee is framed as each task wants it.
    box: box ?? (upload.view === 'SINGLE' ? null : found),
    grades: gradesOf(null),
  };
}

/** Whoever else asks learns nothing of an upload. A row that is locked so cannot be removed before the generation is entered. */
async function findUpload(manager: EntityManager, tokenId: number | null, id: string): Promise<UploadedRadiograph> {
  const upload = await manager.findOne(UploadedRadiograph, { where: { id }, lock: { mode: 'for_key_share' } });
  if (!upload || !mayGenerateFromUpload(upload, { tokenId })) {
    throw new UserError('NOT_FOUND', 'There is no such uploaded radiograph.');
  }
  return upload;
}

function refuseOtherSide({ laterality }: UploadedRadiograph, side: TargetRequest['side']): void {
  if (side != null && laterality !== null && side !== laterality) {
    throw new UserError(
      'BAD_USER_INPUT',
      `side is ${side}, but the file of the radiograph says that it shows the ${laterality.toLowerCase()} knee.`,
    );
  }
}

function kneeOn(upload: UploadedRadiograph, side: TargetRequest['side']): Side {
  refuseOtherSide(upload, side);
  const { view, laterality } = upload;
  const knee = side ?? laterality;
  if (knee !== null) return knee;
  const why =
    view === 'BILATERAL' ? 'The radiograph shows both knees' : 'The radiograph does not say which knee it shows';
  throw new UserError('BAD_USER_INPUT', `${why}; say by side which one is meant.`);
}

/** Every grade, null where it is missing. */
function gradesOf(exam: KneeExam | null): Grades {
  return Object.fromEntries(FEATURE_CODES.map((code) => [code, exam?.grades[code] ?? null])) as Grades;
}

async function examTarget(
  manager: EntityManager,
  request: TargetRequest,
): Promise<{ exam: KneeExam; radiograph: Radiograph }> {
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
  const withPixels = { assetId: Not(IsNull()), dropped: STANDING };
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
  { examId, side }: TargetRequest,
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
  examId: TargetRequest['examId'],
  side: TargetRequest['side'],
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
