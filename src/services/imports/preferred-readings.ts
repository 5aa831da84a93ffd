import type { EntityManager } from 'typeorm';
import { standingSql } from '../../entities/index.js';
import { FEATURE_CODES } from '../../domain/features.js';
import { preferredReading, READING_PROJECTS } from '../../domain/readings.js';
import { VISIT_CODES } from '../../domain/visits.js';

const COLUMNS = FEATURE_CODES.map((code) => code.toLowerCase());
const list = (column: (name: string) => string): string => COLUMNS.map(column).join(', ');

/** Which project's reading an exam of each visit prefers: the rule is the domain's, asked once per visit. */
const PREFERRED = JSON.stringify(
  VISIT_CODES.map((code) => ({
    code,
    project: preferredReading(
      code,
      READING_PROJECTS.map((project) => ({ project })),
    )!.project,
  })),
);

/** Sets the whole grades of these exams from the readings that they have now, and that no newer release has dropped. */
export async function updatePreferredReadings(manager: EntityManager, examIds: readonly number[]): Promise<void> {
  if (examIds.length === 0) return;
  await manager.query(
    `UPDATE knee_exam e SET preferred_project = c.project, ${list((name) => `${name} = floor(c.${name})`)}
     FROM (
       SELECT DISTINCT ON (r.exam_id) r.*
       FROM reading r JOIN knee_exam x ON x.id = r.exam_id JOIN visit v ON v.id = x.visit_id
       JOIN json_to_recordset($2::json) AS preferred(code text, project text) ON preferred.code = v.code
       WHERE r.exam_id = ANY($1) AND ${standingSql('r')}
       ORDER BY r.exam_id, (r.project = preferred.project) DESC, r.project
     ) c
     WHERE e.id = c.exam_id
       AND (e.preferred_project, ${list((name) => `e.${name}`)}) IS DISTINCT FROM (c.project, ${list((name) => `floor(c.${name})::smallint`)})`,
    [examIds, PREFERRED],
  );
}

/** The same where readings have gone too: an exam without any has no grades. */
export async function gradeAnew(manager: EntityManager, examIds: readonly number[]): Promise<void> {
  if (examIds.length === 0) return;
  await updatePreferredReadings(manager, examIds);
  await manager.query(
    `UPDATE knee_exam e SET preferred_project = NULL, ${list((name) => `${name} = NULL`)}
     WHERE e.id = ANY($1) AND e.preferred_project IS NOT NULL
       AND (SELECT r.id FROM reading r WHERE r.exam_id = e.id AND ${standingSql('r')} LIMIT 1) IS NULL`,
    [examIds],
  );
}
