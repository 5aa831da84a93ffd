import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../src/entities/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { valueSql } from '../../src/services/filters/index.js';
import { resolveVariables } from '../../src/services/variables/index.js';
import { graphqlAsker, type Pager, sqlAsker } from '../cohorts/rivals.js';
import { serveOsteograph } from '../cohorts/servers.js';
import type { Figure } from '../report.js';

/** Variables of each owner and kind whose facet is timed, and how often each takes its turn after one to warm up. */
const OF_EACH = 3;
const ROUNDS = 9;

/**
 * Times the facet by variables of every owner and kind, over the API, against the same counts by hand on a column of its own: each rival is a
 * copy of the table of exams with the variable's values as one typed column more.
 */
export async function facetFigures(dataSource: DataSource, url: string, folder: string): Promise<Figure[]> {
  await using closers = new AsyncDisposableStack();
  const names = await queryRows(
    dataSource,
    z.object({ name: z.string(), owner: z.string() }),
    `SELECT v.name, v.owner FROM (
       SELECT v.*, row_number() OVER (PARTITION BY owner, kind ORDER BY md5(name)) AS place FROM variable v
       WHERE (SELECT count(*) FROM variable_level l WHERE l.variable_id = v.id) BETWEEN 2 AND 20000
     ) v WHERE place <= $1 ORDER BY md5(name)`,
    [OF_EACH],
  );
  const refs = await resolveVariables(
    dataSource,
    names.map(({ name }) => name),
  );
  for (const [index, ref] of refs.entries()) {
    const { joins, text, exact } = valueSql(ref, 'knee_exam', 't', 'v');
    const value = ref.kind === 'TEXT' || ref.kind === 'DATE' ? text : exact;
    await dataSource.query(`DROP TABLE IF EXISTS bench_typed_${index}`);
    await dataSource.query(
      `CREATE TABLE bench_typed_${index} AS SELECT t.*, ${value} AS value FROM knee_exam t${joins}`,
    );
  }
  const { text: token } = await createToken(dataSource, { name: 'bench facets', role: 'READER' });
  await dataSource.query('VACUUM ANALYZE');
  const server = closers.adopt(await serveOsteograph(url, join(folder, 'serve')), (one) => one.close());
  const keep = <T extends Pager>(one: T): T => closers.adopt(one, () => one.close());
  const ratios: { name: string; own: number; byHand: number }[] = [];
  for (const [index, { name }] of names.entries()) {
    const query = `{ kneeExamFacets(variables: ["${name}"]) { exams values { value missing } } }`;
    const own = keep(graphqlAsker(server.url, token, query));
    const typed = keep(
      await sqlAsker(url, `SELECT value, count(*) FROM bench_typed_${index} GROUP BY value ORDER BY value`),
    );
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [which, asker] of [own, typed].entries()) {
        const started = performance.now();
        await asker.next();
        if (round > 0) times[which]!.push(performance.now() - started);
      }
    }
    // The quickest of each: what else the machine does only ever adds.
    ratios.push({ name, own: Math.min(...times[0]), byHand: Math.min(...times[1]) });
    await dataSource.query(`DROP TABLE bench_typed_${index}`);
  }
  const sorted = ratios.toSorted((a, b) => a.own / a.byHand - b.own / b.byHand);
  const [middle, slowest] = [sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
  const within = sorted.filter(({ own, byHand }) => own <= 2 * byHand).length;
  const facet = { unit: 'ms', better: 'lower' } as const;
  return [
    { name: 'variables whose facet was timed', value: ratios.length, unit: 'variables', better: 'higher' },
    { name: 'facet by a variable, the middle one', value: middle.own, ...facet },
    { name: 'the same by hand on a typed column', value: middle.byHand, ...facet },
    {
      name: 'facet by a variable / by hand, the middle one',
      value: middle.own / middle.byHand,
      unit: 'x',
      limit: 2,
      better: 'lower',
    },
    {
      name: `the same, the slowest (${slowest.name})`,
      value: slowest.own / slowest.byHand,
      unit: 'x',
      limit: 2,
      better: 'lower',
    },
    { name: 'of them within twice the time by hand', value: within / ratios.length, unit: 'of all', better: 'higher' },
  ];
}
