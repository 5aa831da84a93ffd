import { standingSql } from '../../entities/index.js';
import { dayOfDeath, dayOfReplacement, hasDied, isReplaced, nominalDayOf } from './days.js';

/** The knee of an exam at a later visit, as SQL. */
export interface LaterKnee {
  /** ` LEFT JOIN ...`, each of which finds one row or none. */
  readonly joins: string;
  /** Alias of its exam at that visit, whose columns are missing where there is none. */
  readonly exam: string;
  /** Why nothing is known of it there, as one of UNGRADED_REASONS; to be asked only where nothing is. */
  readonly ungraded: string;
}

/**
 * What became of the knees of the exams `alias` by a later visit.
 *
 * @param visit SQL of the visit's code
 * @param fresh begins aliases that nothing else uses
 * @param grade the grade whose code `.P` says that the knee is a prosthesis
 */
export function laterKnee(alias: string, visit: string, fresh: string, grade = 'XRKL'): LaterKnee {
  const [person, baseline, later, exam, outcome] = ['p', 'b', 'v', 'e', 'o'].map((end) => `${fresh}${end}`) as [
    ...[string, string, string, string, string],
  ];
  const day = `COALESCE(${later}.date - ${baseline}.date, ${nominalDayOf(visit)})`;
  const byThen = `${dayOfReplacement(outcome, `${baseline}.date`)} <= ${day}`;
  return {
    joins:
      ` LEFT JOIN participant ${person} ON ${person}.id = ${alias}.participant_id` +
      ` LEFT JOIN visit ${baseline} ON ${baseline}.participant_id = ${alias}.participant_id AND ${baseline}.code = 'V00'` +
      ` LEFT JOIN visit ${later} ON ${later}.participant_id = ${alias}.participant_id AND ${later}.code = ${visit}` +
      ` LEFT JOIN knee_exam ${exam} ON ${exam}.visit_id = ${later}.id AND ${exam}.side = ${alias}.side` +
      ` LEFT JOIN joint_outcome ${outcome} ON ${outcome}.participant_id = ${alias}.participant_id` +
      ` AND ${outcome}.joint = 'KNEE' AND ${outcome}.side = ${alias}.side`,
    exam,
    ungraded:
      `CASE WHEN (${isReplaced(outcome)} AND ${byThen}) OR EXISTS (SELECT 1 FROM reading r` +
      ` WHERE r.exam_id = ${exam}.id AND ${standingSql('r')} AND r.missing ->> '${grade}' = '.P') THEN 'REPLACED'` +
      ` WHEN ${later}.id IS NULL AND ${hasDied(person)} AND ${dayOfDeath(person, `${baseline}.date`)} <= ${day} THEN 'DIED'` +
      ` WHEN ${later}.id IS NULL THEN 'MISSED_VISIT' ELSE 'NOT_READ' END`,
  };
}
