import { nominalDay } from '../../domain/outcomes.js';
import { VISITS } from '../../domain/visits.js';

/** Day of a visit: between the dates where both are known, else that of its nominal month. @param baseline SQL of the baseline visit's date, which may be missing */
export function dayOfVisit(visit: string, baseline: string): string {
  return `COALESCE(${visit}.date - ${baseline}, ${nominalDayOf(`${visit}.code`)})`;
}

/** Nominal day of a visit's code; null of a code that is missing. */
export function nominalDayOf(code: string): string {
  return `(CASE ${code} ${VISITS.map((visit) => `WHEN '${visit.code}' THEN ${nominalDay(visit.month)}`).join(' ')} END)`;
}

/** Whether a joint was replaced, before the study or in it. What adjudication could not confirm is none; what waits for it, or was only told, is. */
export function isReplaced(outcome: string): string {
  return (
    `(${outcome}.replaced_before IS TRUE OR (${outcome}.confirmation IS DISTINCT FROM 'NOT_CONFIRMED' AND ` +
    `(${outcome}.confirmation IS NOT NULL OR ${outcome}.days IS NOT NULL OR ${outcome}.date IS NOT NULL)))`
  );
}

/**
 * Day of a replacement: OAI's own count of days, else between the dates, else nominal: that of the first contact after it or of the last
 * before it. Before the study it is day 0. Null where none of it is known.
 *
 * @param baseline SQL of the baseline visit's date; without it the date is of no use
 */
export function dayOfReplacement(outcome: string, baseline = 'NULL::date'): string {
  return (
    `COALESCE(CASE WHEN ${outcome}.replaced_before THEN 0 END, ${outcome}.days, ${outcome}.date - ${baseline}, ` +
    `${nominalDayOf(`${outcome}.visit_after`)}, ${nominalDayOf(`${outcome}.visit_before`)})`
  );
}

/** Whether a participant is known to have died, confirmed or not. */
export function hasDied(participant: string): string {
  return `(${participant}.death_date IS NOT NULL OR ${participant}.death_confirmation IS NOT NULL)`;
}

/** Day of a death: by its date, else nominal: that of the last contact before it. Null where none of it is known. @param baseline SQL of the baseline visit's date */
export function dayOfDeath(participant: string, baseline: string): string {
  return (
    `COALESCE(${participant}.death_date - ${baseline}, ${nominalDayOf(`${participant}.death_after`)}, ` +
    `${nominalDayOf(`${participant}.last_contact`)})`
  );
}
