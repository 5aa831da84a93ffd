import { NORMAL_95 } from '../normal.js';
import { endings, type FollowUp } from './follow-up.js';

/** A step of a curve. It holds from its time up to the next step's. */
export interface CurvePoint {
  readonly time: number;
  /** Subjects followed up to this time or longer. */
  readonly atRisk: number;
  /** Events of the curve's kind at this time. */
  readonly events: number;
  readonly estimate: number;
  /** Null where it cannot be told: where nobody is left. */
  readonly standardError: number | null;
  /** 95 % interval; null where the estimate is 0 or 1. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Cumulative incidence of one kind of event by Aalen and Johansen, with steps where it happens. Whatever else happens competes: it ends the
 * risk and is no censoring. The variance is the infinitesimal jackknife summed over clusters: that of R's `survfit(..., cluster = )`;
 * intervals are on the scale of log(-log).
 *
 * @param kind the status of the events
 */
export function cumulativeIncidence(followUps: readonly FollowUp[], kind: number): CurvePoint[] {
  return incidenceOf(
    followUps,
    (status) => status !== 0,
    (status) => status === kind,
  );
}

/**
 * Share without event by Kaplan and Meier, with steps where events happen; everything but the events counts as censoring. Variance and
 * intervals as those of {@link cumulativeIncidence}.
 *
 * @param kind the status of the events
 */
export function kaplanMeier(followUps: readonly FollowUp[], kind: number): CurvePoint[] {
  const isEvent = (status: number): boolean => status === kind;
  return incidenceOf(followUps, isEvent, isEvent).map((point) => ({
    ...point,
    ...withInterval(1 - point.estimate, point.standardError),
  }));
}

function incidenceOf(
  followUps: readonly FollowUp[],
  endsRisk: (status: number) => boolean,
  isEvent: (status: number) => boolean,
): CurvePoint[] {
  const influences = new Influences(followUps);
  const points: CurvePoint[] = [];
  /** Share without any event, its hazards' sum as influence sees it, the incidence, and the influence of who is still at risk. */
  let [survival, hazards, incidence, ofAtRisk] = [1, 0, 0, 0];
  for (const { time, atRisk, subjects } of endings(followUps)) {
    const ended = subjects.filter(({ status }) => endsRisk(status)).length;
    const events = subjects.filter(({ status }) => isEvent(status)).length;
    const before = survival;
    const left = 1 - ended / atRisk;
    ofAtRisk += before * (events / atRisk) * (hazards - 1 / atRisk);
    if (left > 0) hazards += ended / atRisk / (atRisk * left);
    incidence += before * (events / atRisk);
    // Whom nobody outlives leaves a share of exactly nothing.
    survival = ended === atRisk ? 0 : before * left;
    for (const { cluster, status } of subjects) {
      const later = left > 0 ? hazards - (endsRisk(status) ? 1 / (atRisk * left) : 0) : 0;
      influences.leave(cluster, ofAtRisk + (isEvent(status) ? before / atRisk : 0) - later * incidence, later);
    }
    if (events > 0) {
      const error = Math.sqrt(Math.max(0, influences.variance(ofAtRisk, incidence)));
      points.push({ time, atRisk, events, ...withInterval(incidence, error) });
    }
  }
  return points;
}

function withInterval(
  estimate: number,
  standardError: number | null,
): Pick<CurvePoint, 'estimate' | 'standardError' | 'lower' | 'upper'> {
  // Steps of products and sums: what should be 0 or 1 may be beside it by rounding.
  const share = estimate < 1e-12 ? 0 : estimate > 1 - 1e-12 ? 1 : estimate;
  if (share === 0 || share === 1 || standardError === null) {
    return { estimate: share, standardError: null, lower: null, upper: null };
  }
  const log = Math.log(share);
  const half = (NORMAL_95 * standardError) / (share * log);
  const [one, other] = [share ** Math.exp(half), share ** Math.exp(-half)];
  return { estimate: share, standardError, lower: Math.min(one, other), upper: Math.max(one, other) };
}

/**
 * Influences of the clusters on the incidence F at a time. That of a subject at risk is G, the same for all of them; that of one whose
 * follow-up has ended goes on as base + slope x F. So a cluster's is atRisk x G + base + slope x F, and the sum of the squares over all
 * clusters needs six sums, which change only where somebody leaves.
 */
class Influences {
  readonly #clusters = new Map<number, [atRisk: number, base: number, slope: number]>();
  /** Sums over clusters of the products of the three with one another. */
  readonly #sums = [0, 0, 0, 0, 0, 0];

  constructor(followUps: readonly FollowUp[]) {
    for (const { cluster } of followUps) {
      const known = this.#clusters.get(cluster);
      if (known) known[0]++;
      else this.#clusters.set(cluster, [1, 0, 0]);
    }
    for (const terms of this.#clusters.values()) this.#add(terms, 1);
  }

  leave(cluster: number, base: number, slope: number): void {
    const terms = this.#clusters.get(cluster)!;
    this.#add(terms, -1);
    terms[0] -= 1;
    terms[1] += base;
    terms[2] += slope;
    this.#add(terms, 1);
  }

  variance(ofAtRisk: number, incidence: number): number {
    const [aa, ab, ac, bb, bc, cc] = this.#sums as [number, number, number, number, number, number];
    return (
      aa * ofAtRisk ** 2 + bb + cc * incidence ** 2 + 2 * (ab * ofAtRisk + ac * ofAtRisk * incidence + bc * incidence)
    );
  }

  #add([a, b, c]: readonly [number, number, number], sign: 1 | -1): void {
    const products = [a * a, a * b, a * c, b * b, b * c, c * c];
    for (const [index, product] of products.entries()) this.#sums[index]! += sign * product;
  }
}
