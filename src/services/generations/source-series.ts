import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { GenerationOrigin } from '../../domain/origins.js';
import { KneeExam, MriSeries, queryRows } from '../../entities/index.js';
import type { Task } from '../../inference/index.js';
import { readAsset } from '../../storage/index.js';
import { DamagedData } from '../../work/index.js';
import { refuse } from './checks.js';
import { digestSql } from './keys.js';
import type { TaskAttempt } from './tasks/task.js';

/** An imported MRI series of an exam, with pixels. */
export type FoundSeries = MriSeries & { examId: number; assetId: number };

/** @param use what imported ones can be, for the message, e.g. "brought to a finer grid" @throws UserError NOT_FOUND, BAD_USER_INPUT */
export async function findSeries(manager: EntityManager, id: number, use: string): Promise<FoundSeries> {
  const series = await manager.findOne(MriSeries, { where: { id }, lock: { mode: 'for_key_share' } });
  if (!series || series.examId === null) throw new UserError('NOT_FOUND', 'There is no such MRI series of an exam.');
  if (series.synthetic) refuse(`The series was generated; one that was imported can be ${use}.`);
  const { assetId, examId } = series;
  if (assetId === null) return refuse('The series has no pixels here; import its images first.');
  return Object.assign(series, { assetId, examId });
}

/** @throws UserError BAD_USER_INPUT for pixels out of a bundle's range, where they are known */
export function checkSpacing(
  { pixelSpacing }: MriSeries,
  { name, ranges }: { name: string; ranges: { spacingMm: readonly [number, number] } },
): void {
  const [finest, coarsest] = ranges.spacingMm;
  if (pixelSpacing !== null && !(pixelSpacing >= finest && pixelSpacing <= coarsest)) {
    refuse(
      `The series has pixels of ${pixelSpacing} mm; ${name} takes series with pixels of ${finest} to ${coarsest} mm.`,
    );
  }
}

/** The series that an attempt works on, as it is stored. */
export interface SourceSeries {
  /** NIfTI, gzipped. */
  bytes: Buffer;
  name: string;
  origin: GenerationOrigin;
  /** Pseudonym of the participant. */
  patient: string;
  sequence: string;
}

/** @throws DamagedData when the series has no pixels any more; as `readAsset` */
export async function sourceSeries({ dataSource, store, generation }: TaskAttempt): Promise<SourceSeries> {
  const { manager } = dataSource;
  const series = await manager.findOneOrFail(MriSeries, {
    where: { id: generation.sourceSeriesId! },
    relations: { asset: true },
  });
  const { asset, barcode, sequence } = series;
  const name = `MRI series ${barcode ?? series.id}`;
  if (!asset) throw new DamagedData(`${name} has no pixels any more.`);
  const exam = await manager.findOneOrFail(KneeExam, {
    where: { id: generation.examId! },
    relations: { participant: true },
  });
  const origin = { ...generation.origin!, series: { sha256: asset.sha256, barcode }, reference: null };
  const bytes = await readAsset(store, asset, `The volume of the ${name}`);
  return { bytes, name, origin, patient: exam.participant.oaiId, sequence };
}

/**
 * The key of what is made of a series: the same series, bundle and parameters make the same.
 *
 * @param parameters as a row keeps them; the size of the series decides nothing
 */
export async function seriesKey(
  manager: EntityManager,
  told: { task: Task; bundleId: number; assetId: number; parameters: object; steps: number },
): Promise<string> {
  const { task, assetId, bundleId, parameters, steps } = told;
  const parts = { bundle: 'b.sha256', series: 'a.sha256', parameters: '$3::jsonb', steps: '$4::integer' };
  const key = seriesKeySql({ task, ...parts });
  const statement = `SELECT ${key} AS key FROM asset a, bundle b WHERE a.id = $1 AND b.id = $2`;
  const values = [assetId, bundleId, parameters, steps];
  const [row] = await queryRows(manager, z.object({ key: z.string() }), statement, values);
  return row!.key;
}

/** SQL of the key of what is made of a series. @param parts SQL of each; the digests as text, the parameters as jsonb */
export function seriesKeySql({
  task,
  parameters,
  ...parts
}: Record<'bundle' | 'series' | 'parameters' | 'steps', string> & { task: Task }): string {
  return digestSql({ task: `'${task}'`, ...parts, parameters: `${parameters} - 'series'` });
}
