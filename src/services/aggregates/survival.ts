import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import {
  type CompetingEvent,
  type EventRequest,
  LEFT_OUT,
  type LeftOut,
  type SurvivalEvent,
} from '../../domain/survival.js';
import { queryRows } from '../../entities/index.js';
import {
  cumulativeIncidence,
  type CurvePoint,
  grayTest,
  type FollowUp,
  type GroupTest,
  kaplanMeier,
  logRank,
} from '../../metrics/statistics/index.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { KNEE_EXAMS, Parameters, Scope, selectingAt, type Where } from '../filters/index.js';
import { checkEvent, kneeTimes } from '../timeline/index.js';
import { checkGroups, type FacetValue, keyNames, sortBuckets, valuesOf } from './buckets.js';
import { MAX_FACETS } from './count-facets.js';
import { type Dimension, dimensionsOf, type KneeExamFacet } from './facets.js';
import type { BandedNumber } from './number-dimension.js';
import { readyVariables } from './ready-variables.js';

/** Most groups that one answer tells apart. */
const MAX_GROUPS = 40;
/** Most days that one request may name. */
const MAX_DAYS = 200;

export interface SurvivalRequest extends EventRequest {
  /** Selects exams of the visit `origin`. */
  where?: Where | null | undefined;
  by?: readonly KneeExamFacet[] | null | undefined;
  /** Further dimensions. */
  variables?: readonly VariableRef[];
  /** Further dimensions. */
  numbers?: readonly BandedNumber[];
  /** Days at which curves are told; none: at each step. */
  at?: readonly number[] | null | undefined;
}

/** A curve at a day. */
export interface SurvivalPoint extends Omit<CurvePoint, 'time'> {
  day: number;
}

export interface IncidenceCurve {
  event: SurvivalEvent;
  points: SurvivalPoint[];
}

export interface SurvivalGroup {
  values: FacetValue[];
  knees: number;
  participants: number;
  events: number;
  censored: number;
  competing: { event: CompetingEvent; knees: number }[];
  kaplanMeier: SurvivalPoint[];
  /** The event first, then the competing ones; none where nothing competes. */
  cumulativeIncidence: IncidenceCurve[];
}

export interface Survival {
  /** Knees that were examined at the origin. */
  examined: number;
  leftOut: { reason: LeftOut; knees: number }[];
  groups: SurvivalGroup[];
  logRank: GroupTest | null;
  gray: GroupTest | null;
}

/** Knees of one group that are left out for one reason, or followed: then in order of time. */
const ROW = z.looseObject({
  left_out: z.enum(LEFT_OUT).nullable(),
  knees: z.number(),
  times: z.array(z.number()).nullable(),
  statuses: z.array(z.number()).nullable(),
  participants: z.array(z.number()).nullable(),
});

/**
 * Time from a visit to an event over the knees that a filter selects there, by groups. Knees of a person are a cluster: standard errors, intervals and
 * tests let them depend on one another.
 *
 * @throws UserError BAD_USER_INPUT or LIMIT_EXCEEDED for events, facets, days, groups or a filter that cannot be asked for
 */
export async function exploreSurvival(dataSource: DataSource, request: SurvivalRequest): Promise<Survival> {
  checkEvent(request);
  const variables = await readyVariables(dataSource, request.variables ?? []);
  const by = dimensionsOf(request.by ?? [], variables, 0, MAX_FACETS, request.numbers);
  const at = daysOf(request.at);
  const parameters = new Parameters();
  const rows = await queryRows(dataSource, ROW, statementOf(request, by, parameters), parameters.values);
  const buckets = bucketsOf(rows, by);
  checkGroups(buckets.length, MAX_GROUPS);
  return {
    examined: kneesOf(rows),
    leftOut: LEFT_OUT.map((reason) => ({ reason, knees: kneesOf(rows.filter(({ left_out }) => left_out === reason)) })),
    groups: buckets.map((bucket) => groupOf(bucket, request, at)),
    ...compared(buckets, request),
  };
}

interface Bucket {
  values: FacetValue[];
  /** In order of time. */
  followUps: FollowUp[];
}

function daysOf(at: SurvivalRequest['at']): readonly number[] | null {
  if (!at) return null;
  if (at.length === 0 || at.length > MAX_DAYS) {
    throw new UserError('BAD_USER_INPUT', `at takes 1 to ${MAX_DAYS} days, got ${at.length}.`);
  }
  const wrong = at.find((day, index) => day < 0 || day <= (at[index - 1] ?? -1));
  if (wrong === undefined) return at;
  throw new UserError('BAD_USER_INPUT', `at takes days from 0 on, each later than the one before, got ${wrong}.`);
}

function statementOf(request: SurvivalRequest, by: readonly Dimension[], parameters: Parameters): string {
  const scope = new Scope(KNEE_EXAMS, 't');
  const keys = keyNames(by);
  const groups = by.map(({ sql }, index) => `, ${sql(scope)} AS ${keys[index]!}`).join('');
  const condition = selectingAt(request.origin, request.where, scope, parameters, 'origin');
  const listed = (column: string): string =>
    `json_agg(${column} ORDER BY time, participant_id, side) FILTER (WHERE left_out IS NULL)`;
  return `WITH knee AS MATERIALIZED (
      SELECT t.id, t.participant_id, t.side, t.visit_id, t.xrkl, t.xrjsm, t.xrjsl${groups} FROM ${scope.from()} WHERE ${condition}
    )
    SELECT ${[...keys, 'left_out'].join(', ')}, count(*)::integer AS knees, ${listed('time')} AS times,
           ${listed('status')} AS statuses, ${listed('participant_id')} AS participants
    FROM (${kneeTimes(request, 'knee', keys)}) followed GROUP BY ${[...keys, 'left_out'].join(', ')}`;
}

function kneesOf(rows: readonly { knees: number }[]): number {
  return rows.reduce((sum, { knees }) => sum + knees, 0);
}

function bucketsOf(rows: readonly z.infer<typeof ROW>[], by: readonly Dimension[]): Bucket[] {
  const followed = rows.filter(({ left_out }) => left_out === null);
  return sortBuckets(
    followed.map((row) => ({
      values: valuesOf({ ...row, totals: 0 }, by),
      followUps: row.times!.map((time, index) => ({
        time,
        status: row.statuses![index]!,
        cluster: row.participants![index]!,
      })),
    })),
    by,
  );
}

function groupOf({ values, followUps }: Bucket, request: SurvivalRequest, at: readonly number[] | null): SurvivalGroup {
  const { event, competing } = request;
  const count = (status: number): number => followUps.filter((one) => one.status === status).length;
  const pointsOf = (steps: readonly CurvePoint[], start: number): SurvivalPoint[] =>
    at ? atDays(steps, at, followUps, start) : steps.map(({ time, ...rest }) => ({ day: time, ...rest }));
  const kinds: readonly SurvivalEvent[] = competing.length > 0 ? [event, ...competing] : [];
  return {
    values,
    knees: followUps.length,
    participants: new Set(followUps.map(({ cluster }) => cluster)).size,
    events: count(1),
    censored: count(0),
    competing: competing.map((one, index) => ({ event: one, knees: count(index + 2) })),
    kaplanMeier: pointsOf(kaplanMeier(followUps, 1), 1),
    cumulativeIncidence: kinds.map((kind, index) => ({
      event: kind,
      points: pointsOf(cumulativeIncidence(followUps, index + 1), 0),
    })),
  };
}

/** A curve at given days: events are those since the day before, who is at risk those followed to the day or longer. */
function atDays(
  steps: readonly CurvePoint[],
  at: readonly number[],
  followUps: readonly FollowUp[],
  start: number,
): SurvivalPoint[] {
  let done = 0;
  return at.map((day) => {
    const from = done;
    while (done < steps.length && steps[done]!.time <= day) done++;
    const { estimate, standardError, lower, upper } = steps[done - 1] ?? {
      estimate: start,
      standardError: null,
      lower: null,
      upper: null,
    };
    const events = steps.slice(from, done).reduce((sum, step) => sum + step.events, 0);
    const atRisk = followUps.filter(({ time }) => time >= day).length;
    return { day, atRisk, events, estimate, standardError, lower, upper };
  });
}

/** Tests between the groups whose values are known. */
function compared(buckets: readonly Bucket[], { competing }: SurvivalRequest): Pick<Survival, 'logRank' | 'gray'> {
  const known = buckets.filter(({ values }) => values.every(({ value }) => value !== null));
  if (known.length < 2) return { logRank: null, gray: null };
  const followUps = known.flatMap(({ followUps: own }, group) => own.map((one) => ({ ...one, group })));
  // To Gray's test all that competes is one.
  const ofGray = followUps.map((one) => ({ ...one, status: Math.min(one.status, 2) }));
  return {
    logRank: logRank(followUps, 1, known.length),
    gray: competing.length > 0 ? grayTest(ofGray, 1, known.length) : null,
  };
}
