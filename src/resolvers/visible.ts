import type { Generation, MriSeries, RadiographReading, UploadedMask, UploadedRadiograph } from '../entities/index.js';
import { requireUploadReader } from '../services/uploads/index.js';
import type { Context } from './context.js';

/**
 * What a caller names by id: exams and what was made from them are for every reader, uploads and what was made from them for their
 * owner and administrators. Anybody else finds nothing.
 *
 * @throws UserError NOT_FOUND
 */
export async function visibleUpload(
  { loaders, viewer }: Context,
  id: string,
  what = 'uploaded radiograph',
): Promise<UploadedRadiograph> {
  const row = await loaders.upload.load(id);
  requireUploadReader(row, viewer, what);
  return row;
}

/** @throws UserError NOT_FOUND, see {@link visibleUpload} */
export async function visibleMask({ loaders, viewer }: Context, id: string): Promise<UploadedMask> {
  const row = await loaders.mask.load(id);
  requireUploadReader(row, viewer, 'uploaded mask');
  return row;
}

/** @throws UserError NOT_FOUND, see {@link visibleUpload} */
export async function visibleGeneration(context: Context, id: string, what = 'generation'): Promise<Generation> {
  const row = await context.loaders.generation.load(id);
  if (row.uploadId !== null) await visibleUpload(context, row.uploadId, what);
  return row;
}

/**
 * For what does not need the row: subscribers to one generation, however many, cost one statement.
 *
 * @throws UserError NOT_FOUND, see {@link visibleUpload}
 */
export async function assertGenerationVisible(context: Context, id: string): Promise<void> {
  const uploadId = await context.platform.generationUploads.load(id);
  if (uploadId !== null) await visibleUpload(context, uploadId, 'generation');
}

/** @throws UserError NOT_FOUND, see {@link visibleUpload} */
export async function visibleSeries(context: Context, id: number): Promise<MriSeries> {
  const row = await context.loaders.mriSeries.load(id);
  if (row.examId === null) await visibleGeneration(context, row.generationId!, 'MRI series');
  return row;
}

/** @throws UserError NOT_FOUND, see {@link visibleUpload} */
export async function visibleReading(context: Context, id: string): Promise<RadiographReading> {
  const row = await context.loaders.radiographReading.load(id);
  if (row.uploadId !== null) await visibleUpload(context, row.uploadId, 'radiograph reading');
  return row;
}
