import { type DataSource, type EntityManager, IsNull } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import {
  measure,
  MEASUREMENT_POINTS,
  type MeasurementKind,
  type MeasurementUnit,
  type PicturePoint,
} from '../../domain/measurements.js';
import { Measurement, type MriSeries } from '../../entities/index.js';
import { mayChangeMeasurement, type TokenPrincipal } from '../../policy/index.js';
import type { BlobStore } from '../../storage/index.js';
import { asAsked, audit, findByClientKey } from '../access/index.js';
import { requireUploadReader } from '../uploads/index.js';
import { findImage, imageOf, type ImageKey, type MeasuredImage } from './image.js';

interface Services {
  dataSource: DataSource;
  store: BlobStore;
}

/** What is measured. Its value is not told: it follows from the points. */
export interface NewMeasurement {
  image: ImageKey;
  kind: MeasurementKind;
  /** Of a series alone. */
  plane?: MriSeries['plane'] | undefined;
  slice?: number | null | undefined;
  points: readonly PicturePoint[];
  name: string;
  note?: string | null | undefined;
  clientKey?: string | null | undefined;
}

export interface MeasurementChange {
  points?: readonly PicturePoint[] | null | undefined;
  name?: string | null | undefined;
  note?: string | null | undefined;
}

/** Measurements of one token on one image. */
const MAX_OWN = 200;

const MAX_NAME = 60;
const MAX_NOTE = 1_000;
const MAX_KEY = 200;

/**
 * Keeps a measurement of an image that the actor may see. The same request with the same client key gives what it gave before.
 *
 * @throws UserError BAD_USER_INPUT; NOT_FOUND for an image that is not there, or not the actor's to see; CONFLICT for a key of another request;
 *   LIMIT_EXCEEDED; UNAVAILABLE when the volume cannot be read
 */
export async function saveMeasurement(
  { dataSource, store }: Services,
  actor: TokenPrincipal,
  request: NewMeasurement,
): Promise<Measurement> {
  const { image, kind, clientKey = null } = request;
  const plane = request.plane ?? null;
  const slice = request.slice ?? null;
  const name = checkName(request.name);
  const note = checkText('note', request.note ?? '', MAX_NOTE);
  if (clientKey !== null && (clientKey.length < 1 || clientKey.length > MAX_KEY || clientKey.includes('\0')))
    throw new UserError('BAD_USER_INPUT', `clientKey must have 1 to ${MAX_KEY} characters.`);
  if ((plane === null) !== (slice === null))
    throw new UserError('BAD_USER_INPUT', 'plane and slice are given together or not at all.');
  return dataSource.transaction(async (manager) => {
    // As it is kept: what was typed may hold halves of characters, which JSON does not.
    const kept: NewMeasurement = { ...request, name, note: note === '' ? null : note };
    const asked = asAsked(kept);
    const known = await findByClientKey(
      manager,
      { entity: Measurement, what: 'measurement' },
      { tokenId: actor.tokenId, clientKey },
      asked,
    );
    if (known) return known;
    const found = await findImage(manager, store, actor, image);
    const measured = await measuredOn(found, { kind, plane, slice, points: request.points });
    // One at a time per token, or two requests could both find the last free place.
    await manager.query('SELECT id FROM api_token WHERE id = $1 FOR NO KEY UPDATE', [actor.tokenId]);
    if ((await countOwn(manager, actor, found)) >= MAX_OWN)
      throw new UserError(
        'LIMIT_EXCEEDED',
        `You have ${MAX_OWN} measurements on this image, which is as many as are allowed; delete one first.`,
      );
    const { id } = await manager.save(
      manager.create(Measurement, {
        ...found.of,
        ...measured,
        ...{ kind, plane, slice, name, note, imageSha256: found.sha256 },
        ...{ requestedById: actor.tokenId, clientKey, request: clientKey === null ? null : asked },
      }),
    );
    const row = await manager.findOneByOrFail(Measurement, { id });
    await record(manager, actor, 'saveMeasurement', row);
    return row;
  });
}

/**
 * Changes name, note or points of a measurement; the value is computed anew from new points.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN for somebody else's; BAD_USER_INPUT
 */
export async function updateMeasurement(
  { dataSource, store }: Services,
  actor: TokenPrincipal,
  id: number,
  { points, name, note }: MeasurementChange,
): Promise<Measurement> {
  if (points == null && name == null && note == null)
    throw new UserError('BAD_USER_INPUT', 'There is nothing to change; give points, a name or a note.');
  const told = {
    ...(name != null && { name: checkName(name) }),
    ...(note != null && { note: checkText('note', note, MAX_NOTE) }),
  };
  return dataSource.transaction(async (manager) => {
    const row = await findOwn(manager, actor, id);
    if (points != null) {
      const image = await findImage(manager, store, actor, imageOf(row));
      const { kind, plane, slice } = row;
      Object.assign(told, await measuredOn(image, { kind, plane, slice, points }), { imageSha256: image.sha256 });
    }
    await manager.update(Measurement, { id }, { ...told, updatedAt: () => 'now()' });
    await record(manager, actor, 'updateMeasurement', row);
    return manager.findOneByOrFail(Measurement, { id });
  });
}

/** @throws UserError NOT_FOUND, FORBIDDEN for somebody else's */
export async function deleteMeasurement({ dataSource }: Services, actor: TokenPrincipal, id: number): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const row = await findOwn(manager, actor, id);
    await manager.delete(Measurement, { id });
    await record(manager, actor, 'deleteMeasurement', row);
  });
}

/** @throws UserError NOT_FOUND for what is not there, and for what lies on another's upload or what was made from it */
export async function findMeasurement(
  database: DataSource | EntityManager,
  actor: TokenPrincipal,
  id: number,
): Promise<Measurement> {
  const row = await database.getRepository(Measurement).findOne({ where: { id }, relations: { upload: true } });
  if (!row) throw new UserError('NOT_FOUND', 'There is no such measurement.');
  if (row.upload) requireUploadReader(row.upload, actor, 'measurement');
  return row;
}

async function findOwn(manager: EntityManager, actor: TokenPrincipal, id: number): Promise<Measurement> {
  await manager.query('SELECT id FROM measurement WHERE id = $1 FOR UPDATE', [id]);
  const row = await findMeasurement(manager, actor, id);
  if (mayChangeMeasurement(row, actor)) return row;
  throw new UserError('FORBIDDEN', 'A measurement is changed and deleted by whoever made it, and by administrators.');
}

function countOwn(manager: EntityManager, { tokenId }: TokenPrincipal, { of }: MeasuredImage): Promise<number> {
  const onIt = Object.fromEntries(Object.entries(of).map(([column, id]) => [column, id ?? IsNull()]));
  return manager.countBy(Measurement, { ...onIt, requestedById: tokenId });
}

interface Drawn {
  kind: MeasurementKind;
  plane: MriSeries['plane'];
  slice: number | null;
  points: readonly PicturePoint[];
}

/** What follows from the points. @throws UserError BAD_USER_INPUT for points that are not in the picture */
async function measuredOn(
  image: MeasuredImage,
  { kind, plane, slice, points }: Drawn,
): Promise<{ points: PicturePoint[]; value: number; unit: MeasurementUnit; examId: number | null }> {
  const picture = await image.picture(plane);
  const { columns, rows, slices, pixel } = picture;
  if (points.length !== MEASUREMENT_POINTS[kind])
    throw new UserError('BAD_USER_INPUT', `${kind} takes ${MEASUREMENT_POINTS[kind]} points, got ${points.length}.`);
  if (slice !== null && slices !== null && !(Number.isInteger(slice) && slice >= 0 && slice < slices))
    throw new UserError('BAD_USER_INPUT', `slice is ${slice}; this plane has slices 0 to ${slices - 1}.`);
  for (const [column, row] of points) {
    if (!(column >= -0.5 && column <= columns - 0.5 && row >= -0.5 && row <= rows - 0.5))
      throw new UserError(
        'BAD_USER_INPUT',
        `The point at column ${column}, row ${row} lies outside the picture of ${columns} x ${rows} pixels.`,
      );
  }
  const examId = await image.examOf(points.map(([column]) => column));
  return { points: points.map(([column, row]) => [column, row]), ...measure(kind, points, pixel), examId };
}

function checkName(value: string): string {
  const name = checkText('name', value, MAX_NAME);
  if (name === '') throw new UserError('BAD_USER_INPUT', `name must have 1 to ${MAX_NAME} characters.`);
  return name;
}

/** @throws UserError BAD_USER_INPUT for a text that is too long */
function checkText(field: string, value: string, most: number): string {
  const text = value.trim().toWellFormed();
  if (text.length <= most && !text.includes('\0')) return text;
  throw new UserError('BAD_USER_INPUT', `${field} must have at most ${most} characters.`);
}

/** What somebody typed is no matter of the audit. */
function record(
  manager: EntityManager,
  { tokenId }: TokenPrincipal,
  action: string,
  { id, kind, examId, radiographId, seriesId, generationId, uploadId }: Measurement,
): Promise<void> {
  const detail = { kind, examId, radiographId, seriesId, generationId, uploadId };
  return audit(manager, { tokenId, action, target: String(id), detail });
}
