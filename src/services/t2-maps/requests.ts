import { type DataSource, type EntityManager, In } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { T2Echo } from '../../domain/t2-maps.js';
import { KneeExam, MriSeries, T2Map } from '../../entities/index.js';
import { type Principal, requireOwnWork } from '../../policy/index.js';
import { cancelWork, enterLog } from '../../work/index.js';
import { audit } from '../access/index.js';
import { T2_MAP } from './kind.js';

/** Of which series a map is wished. */
export interface T2MapRequest {
  /** Any echo of an imported multi-echo series. */
  seriesId: number;
  /** Leaves out the first echo, which lacks the stimulated ones that all others hold; default: no. */
  skipFirst?: boolean | null | undefined;
  /** Share of the bright end of the first echo below which nothing is fitted, 0 to below 1; default 0.1. */
  floor?: number | null | undefined;
}

const DEFAULT_FLOOR = 0.1;
const MIN_ECHOES = 3;

/** Maps of one token that may wait or run at a time. */
const MAX_UNFINISHED = 20;

/**
 * Queues the T2 map of a series, which a server then fits. The same map that is there or on its way is given again.
 *
 * @throws UserError NOT_FOUND, BAD_USER_INPUT for a series of too few echoes or a wrong floor; LIMIT_EXCEEDED
 */
export async function requestT2Map(
  dataSource: DataSource,
  actor: Principal,
  { seriesId, skipFirst, floor }: T2MapRequest,
): Promise<T2Map> {
  const told = { skipFirst: skipFirst ?? false, floor: floor ?? DEFAULT_FLOOR };
  if (!(told.floor >= 0 && told.floor < 1)) {
    throw new UserError('BAD_USER_INPUT', `floor is ${told.floor}; it must be from 0 to below 1.`);
  }
  return dataSource.transaction(async (manager) => {
    const series = await manager.findOneBy(MriSeries, { id: seriesId });
    if (!series || series.examId === null) throw new UserError('NOT_FOUND', 'There is no such MRI series of an exam.');
    const { examId } = series;
    // One at a time for an exam, or two requests for one map would both make it.
    await manager.findOne(KneeExam, { where: { id: examId }, lock: { mode: 'pessimistic_write' } });
    const echoes = await echoesOf(manager, { ...series, examId });
    const echoTimes = echoes.map(({ echoTime }) => echoTime);
    const different = new Set(echoTimes).size;
    if (different - (told.skipFirst ? 1 : 0) < MIN_ECHOES || different < echoes.length) {
      const times = echoTimes.join(', ') || 'none';
      throw new UserError(
        'BAD_USER_INPUT',
        `A T2 map needs at least ${MIN_ECHOES} echoes of different echo times${told.skipFirst ? ' after the first' : ''}; the series has ${times} ms.`,
      );
    }
    const known = await manager.find(T2Map, {
      where: { examId, state: In(['QUEUED', 'RUNNING', 'SUCCEEDED']), ...told },
    });
    const same = known.find((map) => keyOf(map.echoes) === keyOf(echoes));
    if (same) return same;
    const unfinished = { requestedById: actor.tokenId ?? 0, state: In(['QUEUED', 'RUNNING']) };
    if (actor.tokenId !== null && (await manager.countBy(T2Map, unfinished)) >= MAX_UNFINISHED) {
      throw new UserError('LIMIT_EXCEEDED', `${MAX_UNFINISHED} of your T2 maps are not finished yet; wait for one.`);
    }
    const { id } = await manager.save(
      manager.create(T2Map, {
        examId,
        seriesId,
        echoes,
        ...told,
        total: series.sliceCount,
        state: 'QUEUED',
        requestedById: actor.tokenId,
      }),
    );
    await enterLog(manager, T2_MAP, id);
    const detail = { seriesId, ...told, echoTimes };
    await audit(manager, { tokenId: actor.tokenId, action: 't2Map', target: String(id), detail });
    return manager.findOneByOrFail(T2Map, { id });
  });
}

/** Echoes of one acquisition: imported series of the same exam, name and day that have pixels and an echo time. */
async function echoesOf(
  manager: EntityManager,
  { examId, sequence, date }: MriSeries & { examId: number },
): Promise<T2Echo[]> {
  const rows = await manager.find(MriSeries, {
    where: { examId, sequence, synthetic: false },
    relations: { asset: true },
    order: { id: 'ASC' },
  });
  return rows
    .flatMap(({ id, date: day, asset, acquisition }): T2Echo[] => {
      const echoTime = acquisition?.echoTime ?? null;
      if (day !== date || !asset || echoTime === null || !(echoTime > 0)) return [];
      return [{ seriesId: id, echoTime, sha256: asset.sha256 }];
    })
    .sort((a, b) => a.echoTime - b.echoTime);
}

function keyOf(echoes: readonly T2Echo[]): string {
  return JSON.stringify(echoes.map(({ seriesId, echoTime, sha256 }) => [seriesId, echoTime, sha256]));
}

/** Every reader finds it: it is of an exam. @throws UserError NOT_FOUND */
export async function findT2Map(database: DataSource | EntityManager, id: number): Promise<T2Map> {
  const row = await database.getRepository(T2Map).findOneBy({ id });
  if (!row) throw new UserError('NOT_FOUND', 'There is no such T2 map.');
  return row;
}

/**
 * Stops a map, waiting or running; one that is over stays as it is.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN for somebody else's
 */
export async function cancelT2Map(dataSource: DataSource, actor: Principal, id: number): Promise<T2Map> {
  return dataSource.transaction(async (manager) => {
    requireOwnWork(await findT2Map(manager, id), actor, 'cancelT2Map');
    const row = await cancelWork(manager, T2_MAP, id);
    await audit(manager, { tokenId: actor.tokenId, action: 'cancelT2Map', target: String(id) });
    return row;
  });
}
