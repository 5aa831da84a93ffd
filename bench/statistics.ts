import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { filledDatabase } from './cohorts/filled-database.js';
import { graphqlAsker, sqlAsker } from './cohorts/rivals.js';
import { serveOsteograph } from './cohorts/servers.js';
import { type Figure, report } from './report.js';

/** Each rival takes its turn so often, after some to warm up. */
const ROUNDS = 15;
const WARM_UP = 3;

const AT_BASELINE = 'where: { visit: { eq: V00 } }';
const PERIOD = '{ from: V00, to: V06 }';
const ENDS = `FROM knee_exam a LEFT JOIN knee_exam b ON b.participant_id = a.participant_id AND b.side = a.side AND b.visit_code = 'V06'`;

/** A question to the API, and the numbers of it by hand: as somebody would write it who knows the tables, without intervals. */
interface Question {
  name: string;
  api: string;
  sql: string;
}

const QUESTIONS: readonly Question[] = [
  {
    name: 'statistics of a change, by sex',
    api: `{ kneeExamStatistics(ofNumber: { variable: "WOMKP", change: ${PERIOD} }, by: [SEX]) {
      values { value } exams count missing missingReasons { reason exams } mean standardDeviation lowerQuartile median upperQuartile } }`,
    sql: `SELECT p.sex, count(*), count(b.womac_pain - a.womac_pain), avg(b.womac_pain - a.womac_pain), stddev_samp(b.womac_pain - a.womac_pain),
            percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY b.womac_pain - a.womac_pain)
          ${ENDS} JOIN participant p ON p.id = a.participant_id WHERE a.visit_code = 'V00' GROUP BY p.sex`,
  },
  {
    name: 'statistics of a slope',
    api: `{ kneeExamStatistics(ofNumber: { variable: "WOMKP", slope: { from: V00, to: V10 } }) { exams count mean standardDeviation median } }`,
    sql: `SELECT count(*), avg(slope), stddev_samp(slope), percentile_cont(0.5) WITHIN GROUP (ORDER BY slope) FROM (
            SELECT regr_slope(e.womac_pain, COALESCE(v.date - b.date, v.month * 30.4375) / 365.25) AS slope
            FROM knee_exam e JOIN visit v ON v.id = e.visit_id JOIN visit b ON b.participant_id = e.participant_id AND b.code = 'V00'
            GROUP BY e.participant_id, e.side) knees`,
  },
  {
    name: 'facet by the change of a grade',
    api: `{ kneeExamFacets(${AT_BASELINE}, numbers: [{ variable: "XRKL", change: ${PERIOD} }]) { exams values { value } } }`,
    sql: `SELECT b.xrkl - a.xrkl, count(*) ${ENDS} WHERE a.visit_code = 'V00' GROUP BY 1 ORDER BY 1`,
  },
  {
    name: 'first page by a change',
    api: `{ kneeExams(${AT_BASELINE}, first: 50, orderBy: [{ number: { variable: "WOMKP", change: ${PERIOD} }, direction: DESC }]) { nodes { id side kl } } }`,
    sql: `SELECT a.id, a.side, a.xrkl ${ENDS} WHERE a.visit_code = 'V00' ORDER BY b.womac_pain - a.womac_pain DESC NULLS LAST, a.id LIMIT 51`,
  },
  {
    name: 'one column against another',
    api: `{ kneeExams(where: { comparisons: [{ left: "XRJSM", is: GT, right: "XRJSL" }] }) { totalCount } }`,
    sql: `SELECT count(*) FROM knee_exam WHERE xrjsm > xrjsl`,
  },
  {
    name: 'participants by a number of exams',
    api: `{ participants(where: { exams: { count: { where: { kl: { gte: 2 } }, gte: 2 } } }) { totalCount } }`,
    sql: `SELECT count(*) FROM (SELECT participant_id FROM knee_exam WHERE xrkl >= 2 GROUP BY 1 HAVING count(*) >= 2) people`,
  },
  {
    name: 'prevalence with intervals, by four facets',
    api: `{ kneePrevalence(having: { kl: { gte: 2 } }, by: [VISIT, SIDE, SEX, AGE_BAND]) { values { value } exams participants count cases share lower upper } }`,
    sql: `SELECT v.code, e.side, p.sex, CASE WHEN v.age < 50 THEN 0 WHEN v.age < 60 THEN 1 WHEN v.age < 70 THEN 2 ELSE 3 END,
            count(*), count(DISTINCT e.participant_id), count(e.xrkl), count(*) FILTER (WHERE e.xrkl >= 2), avg((e.xrkl >= 2)::integer)
          FROM knee_exam e JOIN visit v ON v.id = e.visit_id JOIN participant p ON p.id = e.participant_id GROUP BY 1, 2, 3, 4`,
  },
  {
    name: 'both correlations with intervals, at baseline',
    api: `{ kneeCorrelation(${AT_BASELINE}, x: { variable: "WOMKP" }, y: { variable: "BMI" }) {
      count missing pearson { coefficient lower upper } spearman { coefficient lower upper } } }`,
    sql: `SELECT corr(x, y), corr(rx, ry) FROM (
            SELECT x, y, rank() OVER (ORDER BY x) + (count(*) OVER (PARTITION BY x) - 1) / 2.0 AS rx,
                   rank() OVER (ORDER BY y) + (count(*) OVER (PARTITION BY y) - 1) / 2.0 AS ry
            FROM (SELECT e.womac_pain AS x, v.bmi AS y FROM knee_exam e JOIN visit v ON v.id = e.visit_id
                  WHERE e.visit_code = 'V00' AND e.womac_pain IS NOT NULL AND v.bmi IS NOT NULL) numbers) ranked`,
  },
  {
    name: 'pairs of the knees of a person',
    api: `{ kneePairs(where: { visit: { eq: V00 } }, pairing: { of: SAME_PERSON, cases: { kl: { gte: 2 } }, controls: { kl: { lte: 1 } } }) {
      pairs(first: 50) { totalCount nodes { number } } } }`,
    sql: `SELECT a.id, b.id FROM knee_exam a JOIN knee_exam b ON b.visit_id = a.visit_id AND b.side <> a.side
          WHERE a.visit_code = 'V00' AND a.xrkl >= 2 AND b.xrkl <= 1 ORDER BY a.participant_id`,
  },
];

/** No SQL of a page's length does this. */
const NEAREST = `{ kneePairs(where: { visit: { eq: V00 } }, pairing: { of: NEAREST, cases: { kl: { gte: 2 } }, controls: { kl: { lte: 1 } },
  exactly: [VISIT, SEX], nearest: [{ variable: "AGE", caliper: 5 }, { variable: "BMI" }] }) { pairs(first: 50) { totalCount nodes { number } } } }`;

/** Statistics over a whole OAI-sized release, asked of a server by HTTP, against the same numbers in SQL by hand. */
export async function run(options: { json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-statistics-'));
  const closers: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const { url: database, token } = await filledDatabase(folder, 'bench statistics', closers);
    const server = await serveOsteograph(database, join(folder, 'serve'));
    closers.push(() => server.close());
    const figures: Figure[] = [
      { name: 'load of the machine before', value: loadavg()[0]!, unit: 'processes', better: 'lower' },
    ];
    for (const { name, api, sql } of QUESTIONS) {
      const own = graphqlAsker(server.url, token, api);
      const byHand = await sqlAsker(database, sql);
      const [asked, written] = await quickest([own, byHand]);
      await Promise.all([own.close(), byHand.close()]);
      figures.push(
        { name, value: asked!, unit: 'ms', better: 'lower' },
        { name: `${name}, by hand`, value: written!, unit: 'ms', better: 'lower' },
        { name: `${name} / by hand`, value: asked! / written!, unit: 'x', better: 'lower' },
      );
    }
    const nearest = graphqlAsker(server.url, token, NEAREST);
    const [paired] = await quickest([nearest]);
    await nearest.close();
    figures.push({
      name: 'nearest pairs by sex, age and body mass index',
      value: paired!,
      unit: 'ms',
      better: 'lower',
    });
    report(figures, options);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

/** Milliseconds of the quickest turn of each: what else the machine does only ever adds. */
async function quickest(askers: readonly { next(): Promise<unknown> }[]): Promise<number[]> {
  const times = askers.map(() => Infinity);
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [which, asker] of askers.entries()) {
      const started = performance.now();
      await asker.next();
      if (round >= WARM_UP) times[which] = Math.min(times[which]!, performance.now() - started);
    }
  }
  return times;
}
