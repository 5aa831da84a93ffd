import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows } from '../../entities/index.js';

/** What became of the evaluations of exams that are removed. */
export interface WithdrawnReports {
  /** Digests of the files that nothing names any more. */
  files: string[];
  reports: number;
  lines: number;
  evaluations: number;
}

/** Why a line of an evaluation's log has no figures any more. */
const ERASED = 'The participant was erased.';

/**
 * Takes back the reports of the evaluations of exams that are about to be removed: their pages, tables, charts and pictures show each knee.
 * What the log says of the exams' volumes is blanked. Figures over all knees stay, without the values of those that lie far out. The caller removes exams and scores, in the same
 * transaction.
 */
export async function withdrawReports(manager: EntityManager, examIds: readonly string[]): Promise<WithdrawnReports> {
  const of = 'evaluation_id IN (SELECT evaluation_id FROM evaluation_exam WHERE exam_id = ANY($1::integer[]))';
  const files = await queryRows(
    manager,
    z.object({ sha256: z.string() }),
    `WITH removed AS (DELETE FROM evaluation_file WHERE ${of} RETURNING asset_id)
     SELECT a.sha256 FROM removed JOIN asset a ON a.id = removed.asset_id`,
    [examIds],
  );
  const evaluations = await count(
    manager,
    `UPDATE evaluation e SET report = NULL, results = ${WITHOUT_POINTS}
     WHERE (e.report IS NOT NULL OR e.results IS NOT NULL)
       AND e.id IN (SELECT evaluation_id FROM evaluation_exam WHERE exam_id = ANY($1::integer[]))`,
    [examIds],
  );
  // The next person's series stands for another person's; whose it was is not kept, so it goes from all of them.
  await manager.query(
    `UPDATE evaluation_exam SET reference_figures = reference_figures - 'OTHER_PERSON' WHERE reference_figures IS NOT NULL AND ${of}`,
    [examIds],
  );
  const lines = await count(
    manager,
    `UPDATE evaluation_event SET payload = payload || $2::jsonb
     WHERE type = 'VOLUME_SCORED' AND ${of} AND (payload ->> 'examId')::integer = ANY($1::integer[])`,
    [examIds, JSON.stringify({ ...BLANK, error: ERASED })],
  );
  return { files: files.map(({ sha256 }) => sha256), reports: files.length, evaluations, lines };
}

/** Figures without the values of single knees. */
const WITHOUT_POINTS = `CASE WHEN e.results -> 'summaries' IS NULL THEN e.results ELSE
  (e.results::jsonb || jsonb_build_object('summaries', (SELECT coalesce(jsonb_agg(summary || '{"outliers": []}'), '[]')
    FROM jsonb_array_elements(e.results::jsonb -> 'summaries') summary)))::json END`;

/** No exam has the key 0. */
const BLANK = { examId: 0, generationId: null, psnr: null, ssim: null, rssim: null, adjacentCorrelation: null };

async function count(manager: EntityManager, statement: string, values: unknown[]): Promise<number> {
  const sql = `WITH changed AS (${statement} RETURNING 1) SELECT count(*)::integer AS rows FROM changed`;
  return (await queryRow(manager, z.object({ rows: z.number() }), sql, values)).rows;
}
