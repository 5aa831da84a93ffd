/** What of each exam of a cohort a result is made of: its film, or one of its MRI series. */
import { standingSql } from '../../../entities/index.js';
import type { Bind } from './cohort.js';

/** SQL over `exam` (id, side, visit_id), in a statement that goes through exams. */
export interface CohortSource {
  /** At most one row: id, rows, columns, slices (null of a film) and sha256 of the file. */
  found: string;
  /** Column of a generation that holds its id. */
  column: 'radiograph_id' | 'source_series_id';
  /** Text that says why nothing can be made of the exam, or NULL: SQL over `source`, the row found, whose values are all NULL where there is none. */
  refusal: string;
}

/** The film of an exam: the newest of this knee alone, else the newest of its visit; services/generations/target.ts says the same. */
export function filmOfExam(bind: Bind): CohortSource {
  const missing = 'The exam has no radiograph with pixels; import its images or add one first.';
  return {
    column: 'radiograph_id',
    refusal: `CASE WHEN source.id IS NULL THEN ${bind(missing, 'text')} END`,
    found: `
      SELECT film.id, film.rows, film.columns, NULL::smallint AS slices, asset.sha256 FROM (
        SELECT id, asset_id, rows, columns, true AS own FROM radiograph f WHERE exam_id = exam.id AND asset_id IS NOT NULL AND ${standingSql('f')}
        UNION ALL
        SELECT id, asset_id, rows, columns, false FROM radiograph f WHERE visit_id = exam.visit_id AND asset_id IS NOT NULL AND ${standingSql('f')}
        ORDER BY own DESC, id DESC LIMIT 1
      ) film JOIN asset ON asset.id = film.asset_id`,
  };
}

/** What a series must be to be made finer. */
export interface SeriesLimits {
  /** Name of the bundle, for the reason. */
  name: string;
  spacingMm: readonly [number, number];
  /** Most voxels of the series itself, and why no more, as the end of a sentence about it. */
  voxels: number;
  reason: string;
}

/**
 * The newest imported series of an exam with a name and pixels.
 *
 * @param sequence the series description, with or without the side at its end
 */
export function seriesOfExam(
  bind: Bind,
  sequence: string,
  { name, spacingMm, voxels, reason }: SeriesLimits,
): CohortSource {
  const [finest, coarsest] = spacingMm;
  const wanted = bind(sequence, 'text');
  const missing = `The exam has no MRI series ${sequence} with pixels; import its images first.`;
  const spacing = `${name} takes series with pixels of ${finest} to ${coarsest} mm, and those of this one are not.`;
  const large = `The series has more than ${voxels} voxels; ${reason}.`;
  return {
    column: 'source_series_id',
    refusal: `CASE
      WHEN source.id IS NULL THEN ${bind(missing, 'text')}
      WHEN source.pixel_spacing NOT BETWEEN ${bind(finest, 'real')} AND ${bind(coarsest, 'real')} THEN ${bind(spacing, 'text')}
      WHEN source.rows::bigint * source.columns * source.slices > ${bind(voxels, 'bigint')} THEN ${bind(large, 'text')} END`,
    found: `
      SELECT series.id, series.rows, series.columns, series.slice_count AS slices, series.pixel_spacing, asset.sha256
      FROM mri_series series JOIN asset ON asset.id = series.asset_id
      WHERE series.exam_id = exam.id AND NOT series.synthetic AND ${standingSql('series')} AND series.sequence IN (${wanted}, ${wanted} || '_' || exam.side)
      ORDER BY series.id DESC LIMIT 1`,
  };
}
