import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { filledDatabase } from './cohorts/filled-database.js';
import { multiply } from './cohorts/queries.js';
import { graphqlAsker, graphqlPager, type Pager, sqlAsker, sqlPager } from './cohorts/rivals.js';
import { serveOsteograph, servePostgraphile } from './cohorts/servers.js';
import { type Figure, report } from './report.js';

/** Everybody takes one page in turn, for so long and at most so often; the first fifth of it warms up. */
const ROUNDS = { most: 600, seconds: 40 };
/** Clients at a time when requests per second are counted, and for how long. */
const CLIENTS = 8;
const BURST_MS = 2_000;
const BURSTS = 3;

/** `--scale 10` repeats the page on ten times as many participants, side by side with the release as it is. */
export async function run(options: { json: boolean }): Promise<void> {
  const { values } = parseArgs({ options: { scale: { type: 'string' } }, strict: false });
  const scale = Number(values.scale ?? 1);
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-cohorts-'));
  const closers: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const { url, token, importSeconds } = await filledDatabase(folder, 'bench cohorts', closers);
    const figures: Figure[] = [
      { name: 'import of OAI-size tables', value: importSeconds, unit: 's', limit: 60, better: 'lower' },
    ];
    const scaledUrl = scale > 1 ? await scaledDatabase(url, scale) : undefined;
    const keep = <T extends { close(): Promise<void> }>(one: T): T => {
      closers.push(() => one.close());
      return one;
    };
    const ours = keep(await serveOsteograph(url, join(folder, 'serve')));
    const rival = await servePostgraphile(url, folder);
    if (rival) keep(rival);
    const scaled = scaledUrl ? keep(await serveOsteograph(scaledUrl, join(folder, 'scaled'))) : undefined;

    const ask = (server: { url: string }) => keep(graphqlPager(server.url, { token, language: 'osteograph' }));
    const byBmi = (server: { url: string }) => keep(graphqlAsker(server.url, token, BY_BMI));
    const facets = (server: { url: string }) => keep(graphqlAsker(server.url, token, FACETS));
    const pagers: Record<string, Pager> = {
      page: ask(ours),
      'hand-written SQL/JSON': keep(await sqlPager(url, { prepared: false })),
      'the same, prepared': keep(await sqlPager(url, { prepared: true })),
      ...(rival ? { PostGraphile: keep(graphqlPager(rival.url, { language: 'postgraphile' })) } : {}),
      ...(scaled ? { 'page, scaled': ask(scaled) } : {}),
    };
    const seldom: Record<string, Pager> = {
      'facets KL x side x visit': facets(ours),
      'the same facets by hand': keep(await sqlAsker(url, FACETS_SQL)),
      'first page by BMI': byBmi(ours),
      ...(scaled ? { 'facets, scaled': facets(scaled), 'first page by BMI, scaled': byBmi(scaled) } : {}),
    };
    const times = { ...(await takeTurns(pagers)), ...(await takeTurns(seldom)) };
    const median = (name: string) => quantile(times[name]!, 0.5);
    const ratio = (name: string, one: string, other: string, limit?: number): Figure => ({
      name,
      value: median(one) / median(other),
      unit: 'x',
      ...(limit === undefined ? {} : { limit }),
      better: 'lower',
    });
    for (const name of Object.keys(times)) figures.push({ name, value: median(name), unit: 'ms', better: 'lower' });
    figures.push(
      ratio('page / hand-written SQL/JSON', 'page', 'hand-written SQL/JSON', 1.5),
      {
        name: 'the same, quickest tenth of each',
        value: quantile(times['page']!, 0.1) / quantile(times['hand-written SQL/JSON']!, 0.1),
        unit: 'x',
        better: 'lower',
      },
      ratio('page / the same, prepared', 'page', 'the same, prepared'),
      ratio('facets / the same by hand', 'facets KL x side x visit', 'the same facets by hand', 1.2),
    );
    if (rival) figures.push(...(await throughput(ours.url, rival.url, token)));
    if (scaled) {
      figures.push(
        ratio(`page, ${scale} x the participants`, 'page, scaled', 'page', 1.2),
        ratio(`first page by BMI, ${scale} x the participants`, 'first page by BMI, scaled', 'first page by BMI', 1.2),
        ratio(`facets, ${scale} x the participants`, 'facets, scaled', 'facets KL x side x visit'),
      );
    }
    report(figures, options);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

const FACETS = '{ kneeExamFacets(by: [KL, SIDE, VISIT]) { exams values { value } } }';
const FACETS_SQL = `SELECT e.xrkl, e.side, v.code, count(*) FROM knee_exam e JOIN visit v ON v.id = e.visit_id
  GROUP BY e.xrkl, e.side, v.code ORDER BY e.xrkl, e.side, v.code`;
const BY_BMI = '{ kneeExams(first: 50, orderBy: [{ field: BMI, direction: DESC }]) { nodes { id kl visit { bmi } } } }';

async function scaledDatabase(url: string, scale: number): Promise<string> {
  const scaled = new URL(url);
  scaled.pathname = '/scaled';
  const admin = new URL(url);
  admin.pathname = '/postgres';
  const client = new Client({ connectionString: admin.href });
  await client.connect();
  await client.query(`CREATE DATABASE scaled TEMPLATE ${client.escapeIdentifier(new URL(url).pathname.slice(1))}`);
  await client.end();
  await multiply(scaled.href, scale);
  return scaled.href;
}

/** Milliseconds of each, taken in turns, so that whatever else the machine does hits all alike. */
async function takeTurns(pagers: Record<string, Pager>): Promise<Record<string, number[]>> {
  const times = Object.fromEntries(Object.keys(pagers).map((name) => [name, [] as number[]]));
  const ends = performance.now() + ROUNDS.seconds * 1000;
  for (let round = 0; round < ROUNDS.most && performance.now() < ends; round++) {
    for (const [name, pager] of Object.entries(pagers)) {
      const started = performance.now();
      await pager.next();
      times[name]!.push(performance.now() - started);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, all.slice(Math.floor(all.length / 5))]));
}

/** Pages per second of both servers with eight clients each, in alternating bursts. */
async function throughput(ours: string, rival: string, token: string): Promise<Figure[]> {
  const pagers = {
    osteograph: clients(() => graphqlPager(ours, { token, language: 'osteograph' })),
    postgraphile: clients(() => graphqlPager(rival, { language: 'postgraphile' })),
  };
  const rates = { osteograph: [] as number[], postgraphile: [] as number[] };
  for (let burst = 0; burst <= BURSTS; burst++) {
    for (const name of ['osteograph', 'postgraphile'] as const) {
      const rate = await pagesPerSecond(pagers[name]);
      if (burst > 0) rates[name].push(rate);
    }
  }
  for (const pager of Object.values(pagers).flat()) await pager.close();
  const [own, other] = [quantile(rates.osteograph, 0.5), quantile(rates.postgraphile, 0.5)];
  return [
    { name: 'pages per second, 8 clients', value: own, unit: '/s', better: 'higher' },
    { name: 'PostGraphile, pages per second', value: other, unit: '/s', better: 'higher' },
    { name: 'pages per second / PostGraphile', value: own / other, unit: 'x', limit: 1, better: 'higher' },
  ];
}

async function pagesPerSecond(pagers: Pager[]): Promise<number> {
  const started = performance.now();
  let pages = 0;
  await Promise.all(
    pagers.map(async (pager) => {
      for (; performance.now() - started < BURST_MS; pages++) await pager.next();
    }),
  );
  return (pages * 1000) / (performance.now() - started);
}

const clients = (make: () => Pager): Pager[] => Array.from({ length: CLIENTS }, make);

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? NaN;
}
