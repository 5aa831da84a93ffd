import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { filledDatabase } from './cohorts/filled-database.js';
import { serveOsteograph } from './cohorts/servers.js';
import { processFigures } from './generation/process.js';
import { type Figure, report } from './report.js';

/** Each query is asked so often, after so many that warm up. */
const ROUNDS = 30;
const WARM_UP = 8;

const YEARS = [365, 731, 1096, 1461, 2192, 2922];
const CURVES = `examined leftOut { reason knees }
  groups {
    values { value } knees events censored competing { event knees }
    kaplanMeier { day atRisk events estimate lower upper }
    cumulativeIncidence { event points { day atRisk events estimate lower upper } }
  }
  logRank { clustered { chiSquare pValue } } gray { clustered { chiSquare pValue } }`;

const BOTH = '[KNEE_REPLACEMENT, DEATH]';
const QUERIES: Readonly<Record<string, string>> = {
  'KL 2 or more, two competing events, by sex': `event: KL_GE_2, competing: ${BOTH}, by: [SEX], at: [${YEARS.join(', ')}]`,
  'the same, every step of the curves': `event: KL_GE_2, competing: ${BOTH}, by: [SEX]`,
  'narrowing, two competing events, by KL': `event: JSN_PROGRESSION, competing: ${BOTH}, by: [KL], at: [${YEARS.join(', ')}]`,
  'replacement, death competing, by KL and sex': `event: KNEE_REPLACEMENT, competing: [DEATH], by: [KL, SEX], at: [${YEARS.join(', ')}]`,
};

/** Times to events over all knees of a whole OAI-sized release, asked of a server by HTTP. */
export async function run(options: { json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-survival-'));
  const closers: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const { url: database, token } = await filledDatabase(folder, 'bench survival', closers);
    const server = await serveOsteograph(database, join(folder, 'serve'));
    closers.push(() => server.close());
    const client = new Client({ connectionString: database });
    await client.connect();
    closers.push(() => client.end());
    const figures: Figure[] = [];
    for (const [name, asked] of Object.entries(QUERIES)) {
      const query = `{ survival(${asked}) { ${CURVES} } }`;
      for (let round = 0; round < WARM_UP; round++) await ask(server.url, token, query);
      const times: number[] = [];
      let examined = 0;
      const busy = await processorSeconds(client, server.pid);
      for (let round = 0; round < ROUNDS; round++) {
        const started = performance.now();
        examined = await ask(server.url, token, query);
        times.push(performance.now() - started);
      }
      const processor = ((await processorSeconds(client, server.pid)) - busy) / ROUNDS;
      const warm = times.sort((a, b) => a - b);
      if (figures.length === 0)
        figures.push({ name: 'knees examined', value: examined, unit: 'knees', better: 'higher' });
      figures.push(
        { name, value: warm[Math.floor(warm.length / 2)]!, unit: 'ms', limit: 300, better: 'lower' },
        { name: `${name}, processor time`, value: 1000 * processor, unit: 'ms', better: 'lower' },
        { name: `${name}, slowest tenth`, value: warm[Math.floor(warm.length * 0.9)]!, unit: 'ms', better: 'lower' },
      );
    }
    report(figures, options);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

/** Of the server and of PostgreSQL's processes behind it, so far. */
async function processorSeconds(client: Client, server: number): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  const all = await Promise.all([server, ...rows.map(({ pid }) => pid)].map((pid) => processFigures(pid)));
  return all.reduce((sum, { processorSeconds: seconds }) => sum + seconds, 0);
}

async function ask(url: string, token: string, query: string): Promise<number> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data?: { survival: { examined: number } }; errors?: unknown };
  if (!data) throw new Error(JSON.stringify(errors));
  return data.survival.examined;
}
