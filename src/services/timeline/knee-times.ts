import { UserError } from '../../domain/errors.js';
import type { CompetingEvent, EventRequest, SurvivalEvent } from '../../domain/survival.js';
import type { VisitCode } from '../../domain/visits.js';
import { dayOfDeath, dayOfReplacement, dayOfVisit, hasDied, isReplaced, nominalDayOf } from './days.js';

/** An event that films show: SQL over the exam `k` at the origin and a later one `e` of the same knee. */
interface FilmEvent {
  /** Whether it is unknown at the origin, has happened by then, or cannot happen any more. */
  unknown: string;
  had: string;
  never: string;
  /** Whether the later film tells, and what it tells. */
  seen: string;
  happened: string;
}

const KL_READ = { unknown: 'k.xrkl IS NULL', seen: 'e.xrkl IS NOT NULL' };

const FILM_EVENTS: Partial<Record<SurvivalEvent, FilmEvent>> = {
  KL_GE_2: { ...KL_READ, had: 'k.xrkl >= 2', never: 'FALSE', happened: 'e.xrkl >= 2' },
  KL_PROGRESSION: { ...KL_READ, had: 'FALSE', never: 'k.xrkl NOT IN (2, 3)', happened: 'e.xrkl > k.xrkl' },
  JSN_PROGRESSION: {
    unknown: '(k.xrjsm IS NULL AND k.xrjsl IS NULL)',
    had: 'FALSE',
    never: '(COALESCE(k.xrjsm, 3) = 3 AND COALESCE(k.xrjsl, 3) = 3)',
    seen: '(e.xrjsm IS NOT NULL OR e.xrjsl IS NOT NULL)',
    happened: '(e.xrjsm > k.xrjsm OR e.xrjsl > k.xrjsl)',
  },
};

/**
 * @throws UserError BAD_USER_INPUT for an event that competes with itself, or one that is named twice
 */
export function checkEvent({ event, competing }: EventRequest): void {
  if ((competing as readonly string[]).includes(event)) {
    throw new UserError('BAD_USER_INPUT', `competing names ${event}, which is the event itself.`);
  }
  const repeated = competing.find((one, index) => competing.indexOf(one) !== index);
  if (repeated) throw new UserError('BAD_USER_INPUT', `competing names ${repeated} twice.`);
}

/**
 * SQL of one row for each knee: `left_out` (one of LEFT_OUT, or null), `time` in days from its exam at the origin, `status` (0 censored, 1 the event,
 * 2 and on the competing ones in their order) and `competing`, the name of the one that happened.
 *
 * A film event is at the day of the visit at which it is first seen, and a knee without it is followed up to its last film that was read. A replacement
 * or a death has its own day, and a knee without is followed up to the last contact with the participant.
 *
 * @param knees name of a table or CTE of exams at the origin, with the columns of knee_exam
 * @param keep columns of it that the rows carry along
 */
export function kneeTimes(request: EventRequest, knees: string, keep: readonly string[] = []): string {
  const { origin, event, competing } = request;
  const film = FILM_EVENTS[event];
  // Where time counts from the baseline visit, its date is at hand.
  const baseline = origin === 'V00' ? 'v.date' : 'b.date';
  const carried = keep.map((column) => `, ${column}`).join('');
  const days: Record<CompetingEvent, string> = { KNEE_REPLACEMENT: 'replaced', DEATH: 'died' };
  const own = event === 'KNEE_REPLACEMENT' || event === 'DEATH' ? days[event] : 'seen_at';
  const ends = [own, ...competing.map((one) => days[one])];
  const first = `LEAST(${ends.join(', ')})`;
  const matters = film !== undefined || event === 'KNEE_REPLACEMENT' || competing.includes('KNEE_REPLACEMENT');
  const prosthesis = event === 'KNEE_REPLACEMENT' ? 'HAD_EVENT' : 'NOT_AT_RISK';
  const leftOut = [
    ...(matters ? [`WHEN is_replaced AND replaced <= origin_day THEN '${prosthesis}'`] : []),
    ...(film ? [`WHEN unknown THEN 'NOT_ASSESSED'`, `WHEN had THEN 'HAD_EVENT'`, `WHEN never THEN 'NOT_AT_RISK'`] : []),
    `WHEN COALESCE(${first}, followed, origin_day) <= origin_day THEN 'NOT_FOLLOWED'`,
    // A knee that was replaced at a day which nobody knows has no time.
    ...(own === 'replaced' ? [`WHEN is_replaced AND replaced IS NULL THEN 'NOT_FOLLOWED'`] : []),
  ];
  const statuses = ends.map((day, index) => `WHEN ${first} = ${day} THEN ${index + 1}`);
  const names = competing.map((one, index) => `WHEN ${index + 2} THEN '${one}'`);
  const name =
    names.length > 0 ? `CASE WHEN left_out IS NULL THEN CASE status ${names.join(' ')} END END` : 'NULL::text';
  return `
    SELECT participant_id, side${carried}, left_out,
           CASE WHEN left_out IS NULL THEN ended - origin_day END AS time,
           CASE WHEN left_out IS NULL THEN status END AS status,
           ${name} AS competing
    FROM (
      SELECT d.*, COALESCE(${first}, followed) AS ended,
             CASE ${leftOut.join(' ')} END AS left_out,
             CASE ${statuses.join(' ')} ELSE 0 END AS status
      FROM (
        SELECT k.participant_id, k.side${keep.map((column) => `, k.${column}`).join('')}, ${dayOfVisit('v', baseline)} AS origin_day,
               COALESCE(${isReplaced('o')}, FALSE) AS is_replaced,
               CASE WHEN ${isReplaced('o')} THEN ${dayOfReplacement('o', baseline)} END AS replaced,
               CASE WHEN ${hasDied('p')} THEN ${dayOfDeath('p', baseline)} END AS died,
               ${film ? filmColumns(film, baseline) : 'c.followed'}
        FROM ${knees} k
        JOIN visit v ON v.id = k.visit_id
        JOIN participant p ON p.id = k.participant_id
        ${origin === 'V00' ? '' : "LEFT JOIN visit b ON b.participant_id = k.participant_id AND b.code = 'V00'"}
        LEFT JOIN joint_outcome o ON o.participant_id = k.participant_id AND o.joint = 'KNEE' AND o.side = k.side
        LEFT JOIN (${film ? filmsAfter(film, origin, knees) : contacts(knees)}
      ) d
    ) t`;
}

function filmColumns({ unknown, had, never }: FilmEvent, baseline: string): string {
  const days = `${dayIfThere('vf', baseline)} AS seen_at, ${dayIfThere('vl', baseline)} AS followed`;
  return `${unknown} AS unknown, ${had} AS had, ${never} AS never, ${days}`;
}

function dayIfThere(visit: string, baseline: string): string {
  return `CASE WHEN ${visit}.id IS NOT NULL THEN ${dayOfVisit(visit, baseline)} END`;
}

/** By exam at the origin: the visits at which the event is first seen, and at which a film was last read, with their days. */
function filmsAfter({ seen, happened }: FilmEvent, origin: VisitCode, knees: string): string {
  // Visits are compared as bytes, which is their order in time; only two of each knee are looked up.
  return `
          SELECT k.id, min(e.visit_code COLLATE "C") FILTER (WHERE ${happened}) AS first,
                 max(e.visit_code COLLATE "C") FILTER (WHERE ${seen}) AS last
          FROM ${knees} k
          JOIN knee_exam e ON e.participant_id = k.participant_id AND e.side = k.side AND e.visit_code > '${origin}'
          GROUP BY k.id
        ) f ON f.id = k.id
        LEFT JOIN visit vf ON vf.participant_id = k.participant_id AND vf.code = f.first
        LEFT JOIN visit vl ON vl.participant_id = k.participant_id AND vl.code = f.last`;
}

/** By participant: the last contact, at the day of its visit where there was one. */
function contacts(knees: string): string {
  return `
          SELECT p.id, CASE WHEN max(v.code) >= p.last_contact OR p.last_contact IS NULL THEN max(${dayOfVisit('v', 'b.date')})
                            ELSE GREATEST(max(${dayOfVisit('v', 'b.date')}), ${nominalDayOf('p.last_contact')}) END AS followed
          FROM participant p
          LEFT JOIN visit b ON b.participant_id = p.id AND b.code = 'V00'
          JOIN visit v ON v.participant_id = p.id
          WHERE p.id IN (SELECT participant_id FROM ${knees})
          GROUP BY p.id
        ) c ON c.id = k.participant_id`;
}
