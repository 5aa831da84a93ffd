import { endings, type GroupedFollowUp } from './follow-up.js';
import { clusteredVariance, type ScoreTest, scoreTest } from './score-test.js';

/** A test of groups twice: with subjects of a cluster taken to depend on one another, and as if they did not. */
export interface GroupTest {
  readonly clustered: ScoreTest | null;
  readonly independent: ScoreTest | null;
}

/**
 * The log-rank test of one kind of event; everything else counts as censoring. As if subjects were independent it is that of R's `survdiff`;
 * with clusters it is the score test of Cox's model with the scores summed over each cluster (Lee, Wei and Amato 1992), R's
 * `coxph(..., ties = "breslow", cluster = )$rscore`.
 *
 * @param groups how many there are
 */
export function logRank(followUps: readonly GroupedFollowUp[], kind: number, groups: number): GroupTest {
  const size = groups - 1;
  const atRisk = new Array<number>(groups).fill(0);
  for (const { group } of followUps) atRisk[group]!++;
  const scores = new Array<number>(size).fill(0);
  const independent = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const byCluster = new Map<number, number[]>();
  /** Sum of the hazards so far, and of each group's share of them. */
  let hazard = 0;
  const shares = new Array<number>(size).fill(0);
  for (const { atRisk: all, subjects } of endings(followUps)) {
    const events = subjects.filter(({ status }) => status === kind).length;
    if (events > 0) {
      hazard += events / all;
      const spread = all > 1 ? (events * (all - events)) / (all - 1) : 0;
      for (let row = 0; row < size; row++) {
        const share = atRisk[row]! / all;
        shares[row]! += (share * events) / all;
        scores[row]! -= share * events;
        for (let column = 0; column < size; column++) {
          independent[row]![column]! += spread * share * ((row === column ? 1 : 0) - atRisk[column]! / all);
        }
      }
    }
    for (const { group, status, cluster } of subjects) {
      const happened = status === kind ? 1 : 0;
      if (happened && group < size) scores[group]!++;
      const own = byCluster.get(cluster) ?? new Array<number>(size).fill(0);
      byCluster.set(cluster, own);
      for (let row = 0; row < size; row++) {
        const member = row === group ? 1 : 0;
        own[row]! += happened * (member - atRisk[row]! / all) - member * hazard + shares[row]!;
      }
    }
    for (const { group } of subjects) atRisk[group]!--;
  }
  return {
    clustered: scoreTest(scores, clusteredVariance(byCluster.values(), size)),
    independent: scoreTest(scores, independent),
  };
}
