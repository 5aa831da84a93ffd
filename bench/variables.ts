import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compiledModule } from '../src/domain/package.js';
import { queryRow } from '../src/entities/index.js';
import { openDatabase } from '../src/server/database/index.js';
import { importRelease } from '../src/services/imports/index.js';
import { openBlobStore } from '../src/storage/index.js';
import { type Figure, report } from './report.js';
import { facetFigures } from './variables/facets.js';

const PARTICIPANTS = 4796;

/** Imports all tables of an OAI-sized release, with the widths of the real ones, and counts exams by many variables. */
export async function run(options: { json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-bench-variables-'));
  const closers: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const out = join(folder, 'release');
    await makeTables(out);
    const dataDir = join(folder, 'data');
    const database = await openDatabase({ dataDir, purpose: 'bench variables' });
    closers.push(() => database.close());
    const { dataSource, url } = database;
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 100);
    const load = loadavg()[0]!;
    const first = await importRelease(dataSource, out, { store: openBlobStore(dataDir) });
    const again = await importRelease(dataSource, out, { store: openBlobStore(dataDir), reread: true });
    clearInterval(watch);
    const cells = first.tables.reduce((sum, { storedCells }) => sum + storedCells, 0);
    const seconds = first.durationMs / 1000;
    const counts = await queryRow(
      dataSource,
      z.object({ variables: z.number(), columns: z.number(), bytes: z.number() }),
      `SELECT count(*)::integer AS variables, (SELECT count(*)::integer FROM variable_coverage) AS columns,
              ((SELECT sum(pg_total_relation_size(t::regclass))
                  FROM unnest(ARRAY['variable_block', 'variable_level', 'variable_line', 'variable_coverage']) t))::float8 AS bytes
       FROM variable`,
    );
    const figures: Figure[] = [
      { name: 'import of all tables, OAI size', value: seconds, unit: 's', limit: 120, better: 'lower' },
      { name: 'peak memory of the importer', value: peak / 2 ** 20, unit: 'MiB', limit: 600, better: 'lower' },
      { name: 'cells stored', value: cells, unit: 'cells', better: 'higher' },
      { name: 'variables', value: counts.variables, unit: 'variables', limit: 2000, better: 'higher' },
      { name: 'variables times visits', value: counts.columns, unit: 'columns', better: 'higher' },
      { name: 'cells per second', value: cells / seconds, unit: 'cells/s', better: 'higher' },
      { name: 'every cell read and compared again', value: again.durationMs / 1000, unit: 's', better: 'lower' },
      { name: 'size of the store on disk', value: counts.bytes / 2 ** 20, unit: 'MiB', better: 'lower' },
      { name: 'load of the machine before', value: load, unit: 'processes', better: 'lower' },
    ];
    figures.push(...(await facetFigures(dataSource, url, folder)));
    report(figures, options);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

/** In processes of their own, so that the memory measured is the importer's. */
async function makeTables(out: string): Promise<void> {
  const flags = ['--tables-only', '--participants', String(PARTICIPANTS), '--visits', 'all', '--out', out];
  await runNode([compiledModule('cli/main'), 'synth', ...flags]);
  await runNode([join(dirname(fileURLToPath(import.meta.url)), 'variables', 'tables.js'), join(out, 'tables')]);
}

async function runNode(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${args[0]!} ended with ${code}.`);
}
