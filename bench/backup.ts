import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomBytes } from 'node:crypto';
import { compiledModule } from '../src/domain/package.js';
import { openDatabase } from '../src/server/database/index.js';
import { openOwnBlobStore, storeAsset } from '../src/storage/index.js';
import { type Figure, report } from './report.js';

/** Files and their size: 400 MB as a store has them, mostly small ones. */
const FILES: readonly (readonly [count: number, bytes: number])[] = [
  [4_000, 50_000],
  [100, 2_000_000],
];

/** Rows of the largest table of a platform that has made 2,000 volumes. */
const EVENTS = 160_000;

const execute = promisify(execFile);

/** `osteograph backup` in a process of its own, a second one, and a restore, against `cp -a` of the same bytes. */
export async function run({ json }: { json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-backup-'));
  const dataDir = join(folder, 'data');
  try {
    await fill(dataDir);
    const megabytes = FILES.reduce((sum, [count, bytes]) => sum + count * bytes, 0) / 1e6;
    const copy = await seconds('cp', '-a', join(dataDir, 'blobs'), join(folder, 'copy'));
    const backups = join(folder, 'backups');
    const first = await osteograph('backup', '--out', backups, '--data-dir', dataDir);
    const second = await osteograph('backup', '--out', backups, '--data-dir', dataDir);
    const verify = await osteograph('backup', 'verify', backups);
    const restore = await osteograph('backup', 'restore', backups, '--data-dir', join(folder, 'restored'));
    const figures: Figure[] = [
      { name: 'cp -a of the blobs', value: copy, unit: 's', better: 'lower' },
      { name: 'first backup', value: first, unit: 's', better: 'lower' },
      { name: 'first backup: blobs', value: megabytes / first, unit: 'MB/s', better: 'higher' },
      { name: 'first backup against cp -a', value: first / copy, unit: 'x', better: 'lower' },
      { name: 'second backup, nothing new', value: second, unit: 's', better: 'lower' },
      { name: 'verify', value: verify, unit: 's', better: 'lower' },
      { name: 'restore', value: restore, unit: 's', better: 'lower' },
      { name: 'restore against cp -a', value: restore / copy, unit: 'x', better: 'lower' },
    ];
    report(figures, { json });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(dataDir: string): Promise<void> {
  const database = await openDatabase({ dataDir, purpose: 'the backup benchmark' });
  try {
    const { dataSource } = database;
    const store = await openOwnBlobStore(dataSource, { dataDir });
    for (const [count, bytes] of FILES) {
      for (let made = 0; made < count; made++) {
        await storeAsset(dataSource.manager, store, randomBytes(bytes), 'application/octet-stream');
      }
    }
    await dataSource.query(
      `INSERT INTO audit_entry (action, detail) SELECT 'asset.download', jsonb_build_object('place', n, 'text', repeat('x', 100))
       FROM generate_series(1, ${EVENTS}) n`,
    );
  } finally {
    await database.close();
  }
}

function osteograph(...args: string[]): Promise<number> {
  return seconds(process.execPath, compiledModule('cli/main'), ...args);
}

async function seconds(program: string, ...args: string[]): Promise<number> {
  const { DATABASE_URL: _, BLOB_URL: __, ...env } = process.env;
  const start = performance.now();
  await execute(program, args, { env });
  return (performance.now() - start) / 1_000;
}
