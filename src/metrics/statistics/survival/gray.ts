import { endings, type Ending, type GroupedFollowUp } from './follow-up.js';
import type { GroupTest } from './log-rank.js';
import { clusteredVariance, scoreTest } from './score-test.js';

/**
 * Gray's test of the cumulative incidence of one kind of event where others compete (Gray 1988, with rho = 0). As if subjects were independent its
 * variance is Gray's, that of R's `cmprsk::cuminc`. With clusters the same scores are seen as those of Fine and Gray's model with
 * censoring estimated in each group, and summed over each cluster: R's `coxph(..., cluster = )$rscore` on
 * `finegray(... + strata(group))`, which takes the weights as known.
 *
 * @param groups how many there are
 */
export function grayTest(followUps: readonly GroupedFollowUp[], kind: number, groups: number): GroupTest {
  const times = endings(followUps);
  const { scores, variance } = graysVariance(times, kind, groups);
  return {
    clustered: scoreTest(scores, clusteredVariance(clusterScores(times, kind, groups).values(), groups - 1)),
    independent: scoreTest(scores, variance),
  };
}

const zeros = (length: number): number[] => new Array<number>(length).fill(0);
const square = (size: number): number[][] => Array.from({ length: size }, () => zeros(size));

function membersOf(times: readonly Ending<GroupedFollowUp>[], groups: number): number[] {
  const members = zeros(groups);
  for (const { subjects } of times) for (const { group } of subjects) members[group]!++;
  return members;
}

/** Gray's scores and their variance (his section 3), with the corrections for ties that his program has. */
function graysVariance(
  times: readonly Ending<GroupedFollowUp>[],
  kind: number,
  groups: number,
): { scores: number[]; variance: number[][] } {
  const size = groups - 1;
  const atRisk = membersOf(times, groups);
  const scores = zeros(size);
  const variance = square(size);
  /** By group: share without any event before and after a time, incidence before it. */
  const survival = zeros(groups).fill(1);
  const incidence = zeros(groups);
  /** Incidence of all groups together. */
  let together = 0;
  const weights = square(groups);
  /** By group: variance of its incidence, and covariance with the scores. */
  const own = zeros(groups);
  const crossed = square(groups);
  for (const { subjects } of times) {
    const events = zeros(groups);
    const others = zeros(groups);
    for (const { group, status } of subjects) {
      if (status === kind) events[group]!++;
      else if (status !== 0) others[group]!++;
    }
    const happened = events.reduce((sum, count) => sum + count, 0);
    const after = survival.map((share, group) =>
      atRisk[group]! > 0 ? (share * (atRisk[group]! - events[group]! - others[group]!)) / atRisk[group]! : share,
    );
    const next = incidence.map((share, group) =>
      atRisk[group]! > 0 ? share + (survival[group]! * events[group]!) / atRisk[group]! : share,
    );
    const present = atRisk.flatMap((count, group) => (count > 0 ? [group] : []));
    if (subjects.some(({ status }) => status !== 0)) {
      const scaled = atRisk.map((count, group) => (count > 0 ? count / survival[group]! : 0));
      const all = scaled.reduce((sum, one) => sum + one, 0);
      const adjusted = scaled.map((one, group) => one * (1 - incidence[group]!));
      const adjustedAll = adjusted.reduce((sum, one) => sum + one, 0);
      const nextTogether = together + happened / all;
      const a = square(groups);
      for (const row of present) {
        for (const column of present) {
          a[row]![column] = scaled[row]! * ((row === column ? 1 : 0) - scaled[column]! / all);
          weights[row]![column]! += (a[row]![column]! * happened) / (all * (1 - together));
        }
        if (row < size) scores[row]! += events[row]! - (happened * adjusted[row]!) / adjustedAll;
      }
      for (const group of present) {
        const left = after[group]! > 0 ? (1 - nextTogether) / after[group]! : 0;
        if (happened > 0) {
          const ties = happened > 1 ? 1 - (happened - 1) / (all * survival[group]! - 1) : 1;
          const step = (ties * survival[group]! * happened) / (all * atRisk[group]!);
          const factor = after[group]! > 0 ? 1 - left : 1;
          addStep(group, factor, (row) => a[row]![group]! - factor * weights[row]![group]!, step);
        }
        if (others[group]! > 0 && after[group]! > 0) {
          const count = others[group]!;
          const ties = count > 1 ? 1 - (count - 1) / (atRisk[group]! - 1) : 1;
          const step = (ties * survival[group]! ** 2 * count) / atRisk[group]! ** 2;
          addStep(group, -left, (row) => left * weights[row]![group]!, step);
        }
      }
      together = nextTogether;
    }
    for (const [group, share] of after.entries()) survival[group] = share;
    for (const [group, share] of next.entries()) incidence[group] = share;
    for (const { group } of subjects) atRisk[group]!--;
  }
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      for (let group = 0; group < groups; group++) {
        const [c, d] = [weights[row]![group]!, weights[column]![group]!];
        variance[row]![column]! += c * d * own[group]! + c * crossed[column]![group]! + d * crossed[row]![group]!;
      }
    }
  }
  return { scores, variance };

  function addStep(group: number, factor: number, ofScore: (row: number) => number, step: number): void {
    own[group]! += factor ** 2 * step;
    for (let row = 0; row < size; row++) {
      crossed[row]![group]! += ofScore(row) * factor * step;
      for (let column = 0; column < size; column++) variance[row]![column]! += ofScore(row) * ofScore(column) * step;
    }
  }
}

/** The scores of each cluster. Whom a competing event befell stays at risk of the other, with the chance of not being censored yet as weight. */
function clusterScores(times: readonly Ending<GroupedFollowUp>[], kind: number, groups: number): Map<number, number[]> {
  const size = groups - 1;
  const atRisk = membersOf(times, groups);
  /** By group: chance of not being censored before a time, and the sum over its competing events of one by that chance. */
  const uncensored = zeros(groups).fill(1);
  const stayed = zeros(groups);
  /** Hazard of the events so far and the groups' shares of it; the same weighted by each group's chance of not being censored. */
  let hazard = 0;
  const shares = zeros(size);
  const weighted = zeros(groups);
  const weightedShares = Array.from({ length: groups }, () => zeros(size));
  const byCluster = new Map<number, number[]>();
  const competed: { cluster: number; group: number; chance: number; hazard: number; shares: number[] }[] = [];
  const ofCluster = (cluster: number): number[] => {
    const known = byCluster.get(cluster) ?? zeros(size);
    byCluster.set(cluster, known);
    return known;
  };
  for (const { subjects } of times) {
    const events = subjects.filter(({ status }) => status === kind).length;
    const present = atRisk.map((count, group) => count + uncensored[group]! * stayed[group]!);
    const all = present.reduce((sum, one) => sum + one, 0);
    if (events > 0) {
      const step = events / all;
      hazard += step;
      for (let row = 0; row < size; row++) shares[row]! += (present[row]! / all) * step;
      for (let group = 0; group < groups; group++) {
        weighted[group]! += uncensored[group]! * step;
        for (let row = 0; row < size; row++) {
          weightedShares[group]![row]! += uncensored[group]! * (present[row]! / all) * step;
        }
      }
    }
    for (const { cluster, group, status } of subjects) {
      const own = ofCluster(cluster);
      for (let row = 0; row < size; row++) {
        const member = row === group ? 1 : 0;
        own[row]! += shares[row]! - member * hazard + (status === kind ? member - present[row]! / all : 0);
      }
      if (status !== 0 && status !== kind) {
        const chance = uncensored[group]!;
        stayed[group]! += 1 / chance;
        competed.push({ cluster, group, chance, hazard: weighted[group]!, shares: [...weightedShares[group]!] });
      }
    }
    const censored = zeros(groups);
    const failed = zeros(groups);
    for (const { group, status } of subjects) (status === 0 ? censored : failed)[group]!++;
    for (let group = 0; group < groups; group++) {
      // Who fails at a time is gone before anybody is censored at it.
      const here = atRisk[group]! - failed[group]!;
      if (censored[group]! > 0) uncensored[group]! *= 1 - censored[group]! / here;
      atRisk[group]! -= failed[group]! + censored[group]!;
    }
  }
  for (const { cluster, group, chance, hazard: before, shares: sharesBefore } of competed) {
    const own = ofCluster(cluster);
    for (let row = 0; row < size; row++) {
      const member = row === group ? 1 : 0;
      own[row]! += (weightedShares[group]![row]! - sharesBefore[row]! - member * (weighted[group]! - before)) / chance;
    }
  }
  return byCluster;
}
