import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compiledModule } from '../../src/domain/package.js';
import { openDatabase } from '../../src/server/database/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { importRelease } from '../../src/services/imports/index.js';
import { openBlobStore } from '../../src/storage/index.js';

const PARTICIPANTS = 4796;

/** A fresh embedded PostgreSQL with the tables of a whole release, and a token to read them with. */
export async function filledDatabase(
  folder: string,
  purpose: string,
  closers: (() => Promise<void>)[],
): Promise<{ url: string; token: string; importSeconds: number }> {
  const release = join(folder, 'release');
  await makeTables(release);
  const dataDir = join(folder, 'data');
  const database = await openDatabase({ dataDir, purpose });
  closers.push(() => database.close());
  const { dataSource, url } = database;
  const { durationMs } = await importRelease(dataSource, release, { store: openBlobStore(dataDir) });
  const { text: token } = await createToken(dataSource, { name: 'bench', role: 'READER' });
  await dataSource.query('VACUUM ANALYZE');
  // Nobody may be connected to a database while it is copied.
  await dataSource.destroy();
  return { url, token, importSeconds: durationMs / 1000 };
}

async function makeTables(out: string): Promise<void> {
  const flags = ['--tables-only', '--participants', String(PARTICIPANTS), '--visits', 'all', '--out', out];
  const child = spawn(process.execPath, [compiledModule('cli/main'), 'synth', ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`osteograph synth ended with ${code}.`);
}
