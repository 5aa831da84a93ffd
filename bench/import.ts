import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledModule } from '../src/domain/package.js';
import { openDatabase } from '../src/server/database/index.js';
import { importRelease } from '../src/services/imports/index.js';
import { openBlobStore } from '../src/storage/index.js';
import { report } from './report.js';

const PARTICIPANTS = 4796;

/** Imports the tables of a whole OAI-sized release, all visits, into a fresh embedded database; then once more. */
export async function run(options: { json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-bench-import-'));
  try {
    const out = join(folder, 'release');
    await makeTables(out);
    const dataDir = join(folder, 'data');
    const database = await openDatabase({ dataDir, purpose: 'bench import' });
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 100);
    try {
      const store = openBlobStore(dataDir);
      const first = await importRelease(database.dataSource, out, { store });
      const again = await importRelease(database.dataSource, out, { store });
      const reread = await importRelease(database.dataSource, out, { store, reread: true });
      const rows = first.tables.reduce((sum, table) => sum + table.rows, 0);
      const seconds = first.durationMs / 1000;
      report(
        [
          { name: 'import of OAI-size tables', value: seconds, unit: 's', limit: 60, better: 'lower' },
          { name: 'rows imported', value: rows, unit: 'rows', better: 'higher' },
          { name: 'import speed', value: rows / seconds, unit: 'rows/s', better: 'higher' },
          { name: 'second import, nothing changed', value: again.durationMs / 1000, unit: 's', better: 'lower' },
          { name: 'every row read and compared again', value: reread.durationMs / 1000, unit: 's', better: 'lower' },
          { name: 'peak memory of the importer', value: peak / 2 ** 20, unit: 'MiB', better: 'lower' },
        ],
        options,
      );
    } finally {
      clearInterval(watch);
      await database.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a process of its own, so that the memory measured is the importer's. */
async function makeTables(out: string): Promise<void> {
  const flags = ['--tables-only', '--participants', String(PARTICIPANTS), '--visits', 'all', '--out', out];
  const child = spawn(process.execPath, [compiledModule('cli/main'), 'synth', ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`osteograph synth ended with ${code}.`);
}
