import { setImmediate } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { type KneeNumber, numberName } from '../../domain/knee-numbers.js';
import { type PairRequest, UNPAIRED_REASONS, type UnpairedReason } from '../../domain/knee-pairs.js';
import { type Candidate, type NearestPair, nearestPairs, type Scale } from '../../metrics/statistics/index.js';
import { type KneeExamFacet } from '../aggregates/index.js';
import type { Where } from '../filters/index.js';
import { findCandidates, type PairCandidate } from './candidates.js';

/** Most numbers to be near by. */
const MAX_NUMBERS = 8;
/** Most comparisons of a case with a control: some two seconds of the server, which answers others meanwhile. */
const MAX_COMPARISONS = 20_000_000;
/** Milliseconds after which others have their turn. */
const TURN_MS = 10;

/** A case with its control, by the keys of their exams. */
export interface KneePair {
  caseId: number;
  controlId: number;
  /** In standard deviations; null where nothing was measured, being of one person. */
  distance: number | null;
}

/** How alike cases and controls are in one number; null where there are none. */
export interface PairBalance {
  number: string;
  /** Over all candidates, and over those in pairs. */
  before: Means;
  after: Means;
}

interface Means {
  cases: number | null;
  controls: number | null;
  /** Mean of the cases less that of the controls, in standard deviations of all candidates. */
  difference: number | null;
}

export interface KneePairs {
  /** Exams that fit. */
  cases: number;
  controls: number;
  unpaired: { reason: UnpairedReason; cases: number }[];
  balance: PairBalance[];
  pairs: KneePair[];
}

/**
 * @throws UserError BAD_USER_INPUT for numbers and facets that go with no such pairs
 */
export function checkPairs({ of, exactly, nearest }: PairRequest): void {
  if (of === 'SAME_PERSON') {
    if (exactly === null && nearest.length === 0) return;
    throw new UserError(
      'BAD_USER_INPUT',
      'SAME_PERSON pairs the two knees of a person at a visit; exactly and nearest go with NEAREST only.',
    );
  }
  if (nearest.length === 0 || nearest.length > MAX_NUMBERS) {
    throw new UserError('BAD_USER_INPUT', `nearest takes 1 to ${MAX_NUMBERS} numbers, got ${nearest.length}.`);
  }
  if (exactly && new Set(exactly).size < exactly.length) {
    throw new UserError('BAD_USER_INPUT', 'exactly names a facet twice.');
  }
  const names = nearest.map(({ number }) => numberName(number));
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated) throw new UserError('BAD_USER_INPUT', `nearest names ${repeated} twice.`);
  const wrong = nearest.find(({ caliper }) => caliper !== null && !(caliper >= 0));
  if (wrong) throw new UserError('BAD_USER_INPUT', `nearest: a caliper must be 0 or more, got ${wrong.caliper!}.`);
}

/**
 * Pairs cases with controls, both among the exams of a further filter. A person is in one pair at most, so that pairs do not depend on one another.
 * The same data give the same pairs.
 *
 * SAME_PERSON: the other knee at the same visit; of several visits the first. NEAREST: for each case, in order of participant, visit and side, the nearest
 * control that is left, of a person without a case.
 *
 * @throws UserError as {@link checkPairs}, BAD_USER_INPUT or LIMIT_EXCEEDED for filters, LIMIT_EXCEEDED for too many exams
 */
export async function makePairs(
  dataSource: DataSource,
  request: PairRequest,
  among: Where | null | undefined,
): Promise<KneePairs> {
  checkPairs(request);
  const { of, nearest } = request;
  const measured = { nearest, exactly: exactlyOf(request) };
  const [cases, controls] = await Promise.all([
    findCandidates(dataSource, 'cases', [among ?? null, request.cases], measured),
    findCandidates(dataSource, 'controls', [among ?? null, request.controls], measured),
  ]);
  return of === 'SAME_PERSON' ? ofSamePerson(cases, controls) : ofNearest(cases, controls, nearest);
}

function exactlyOf({ of, exactly }: PairRequest): readonly KneeExamFacet[] {
  if (of === 'SAME_PERSON') return [];
  return (exactly ?? ['VISIT']) as readonly KneeExamFacet[];
}

function ofSamePerson(cases: readonly PairCandidate[], controls: readonly PairCandidate[]): KneePairs {
  // Who fits both filters is a case.
  const twice = new Set(cases.map(({ id }) => id));
  const byVisit = new Map(controls.filter(({ id }) => !twice.has(id)).map((control) => [control.visitId, control]));
  const paired = new Set<number>();
  const pairs: KneePair[] = [];
  for (const { id, cluster, visitId } of cases) {
    const control = byVisit.get(visitId);
    if (paired.has(cluster) || !control) continue;
    pairs.push({ caseId: id, controlId: control.id, distance: null });
    paired.add(cluster);
  }
  return { cases: cases.length, controls: controls.length, unpaired: unpaired(cases, pairs), balance: [], pairs };
}

type Complete = Candidate & { id: number };

async function ofNearest(
  cases: readonly PairCandidate[],
  others: readonly PairCandidate[],
  nearest: PairRequest['nearest'],
): Promise<KneePairs> {
  const withCase = new Set(cases.map(({ cluster }) => cluster));
  const controls = others.filter(({ cluster }) => !withCase.has(cluster));
  const [ready, left] = [complete(cases), complete(controls)];
  checkEffort(ready, left);
  const scales = nearest.map(({ caliper }, place): Scale => ({ deviation: deviationOf(ready, left, place), caliper }));
  const found: NearestPair[] = [];
  let since = performance.now();
  for (const pair of nearestPairs(ready, left, scales)) {
    if (pair) found.push(pair);
    if (performance.now() - since < TURN_MS) continue;
    await setImmediate();
    since = performance.now();
  }
  const pairs = found.map((pair): KneePair => ({
    ...{ caseId: ready[pair.case]!.id, controlId: left[pair.control]!.id, distance: pair.distance },
  }));
  const inPairs = [found.map((pair) => ready[pair.case]!), found.map((pair) => left[pair.control]!)] as const;
  return {
    ...{ cases: cases.length, controls: controls.length, unpaired: unpaired(cases, pairs), pairs },
    balance: nearest.map(({ number }, place) => balanceOf(number, place, scales[place]!, [ready, left], inPairs)),
  };
}

function complete(candidates: readonly PairCandidate[]): Complete[] {
  return candidates.flatMap(({ id, cluster, stratum, values }) =>
    stratum === null || values === null ? [] : [{ id, cluster, stratum, values }],
  );
}

/** @throws UserError LIMIT_EXCEEDED */
function checkEffort(cases: readonly Candidate[], controls: readonly Candidate[]): void {
  const sizes = new Map<string, number>();
  for (const { stratum } of controls) sizes.set(stratum, (sizes.get(stratum) ?? 0) + 1);
  const comparisons = cases.reduce((sum, { stratum }) => sum + (sizes.get(stratum) ?? 0), 0);
  if (comparisons <= MAX_COMPARISONS) return;
  throw new UserError(
    'LIMIT_EXCEEDED',
    `${cases.length} cases would be compared with controls ${comparisons} times, and ${MAX_COMPARISONS} is the limit; name more facets in exactly, or filter.`,
  );
}

/** Root of the mean of both variances, which does not change with how many controls there are. */
function deviationOf(cases: readonly Candidate[], controls: readonly Candidate[], place: number): number {
  const variance = (candidates: readonly Candidate[]): number => {
    // Rounding would leave a number that is the same in all a deviation above 0.
    if (candidates.every(({ values }) => values[place] === candidates[0]!.values[place])) return 0;
    const mean = meanOf(candidates, place)!;
    return candidates.reduce((sum, { values }) => sum + (values[place]! - mean) ** 2, 0) / (candidates.length - 1);
  };
  return Math.sqrt((variance(cases) + variance(controls)) / 2);
}

function meanOf(candidates: readonly Candidate[], place: number): number | null {
  if (candidates.length === 0) return null;
  return candidates.reduce((sum, { values }) => sum + values[place]!, 0) / candidates.length;
}

type Sides = readonly [readonly Candidate[], readonly Candidate[]];

function balanceOf(number: KneeNumber, place: number, { deviation }: Scale, all: Sides, paired: Sides): PairBalance {
  const means = ([some, others]: Sides): Means => {
    const [cases, controls] = [meanOf(some, place), meanOf(others, place)];
    const known = cases !== null && controls !== null && deviation > 0;
    return { cases, controls, difference: known ? (cases - controls) / deviation : null };
  };
  return { number: numberName(number), before: means(all), after: means(paired) };
}

/** Cases that are in no pair, by the first reason that holds; reasons of which there are none are left out. */
function unpaired(cases: readonly PairCandidate[], pairs: readonly KneePair[]): KneePairs['unpaired'] {
  const paired = new Set(pairs.map(({ caseId }) => caseId));
  const persons = new Set(cases.filter(({ id }) => paired.has(id)).map(({ cluster }) => cluster));
  const reasons = cases
    .filter(({ id }) => !paired.has(id))
    .map(({ cluster, stratum, values }): UnpairedReason => {
      if (stratum === null || values === null) return 'VALUE_MISSING';
      return persons.has(cluster) ? 'PERSON_PAIRED' : 'NO_CONTROL';
    });
  return UNPAIRED_REASONS.map((reason) => ({ reason, cases: reasons.filter((one) => one === reason).length })).filter(
    ({ cases: count }) => count > 0,
  );
}
