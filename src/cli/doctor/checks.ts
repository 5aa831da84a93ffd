import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DataSource } from 'typeorm';
import { packageEngine } from '../../domain/package.js';
import { DEVICES, listBundles, startInferenceHost } from '../../inference/index.js';
import { OLDEST_POSTGRES, pendingMigrations } from '../../server/database/index.js';
import { type BlobSettings, openBlobStore, parseSize, sizeInWords, storageUse } from '../../storage/index.js';

/** What a check came to: FAULT where something cannot work, WARNING where it soon may not. */
export interface Finding {
  state: 'OK' | 'WARNING' | 'FAULT';
  text: string;
  /** What to do about it, where there is something to do. */
  remedy?: string;
}

/** Less free space than this is worth a warning, and less than a tenth of it is a fault: a batch writes some 2 MB a volume. */
const LITTLE_SPACE = 2e9;

/** Clocks that differ by more than this make leases, expiries and signed URLs end at the wrong time, ms. */
const MAX_CLOCK_DIFFERENCE_MS = 2_000;

/** Refused bundles that are named one by one. */
const MAX_REFUSALS = 3;

/** The version of Node that runs, against what package.json asks for. */
export function checkNode(version = process.versions.node, wanted = packageEngine): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.replace(/^>=/, '').split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return { state: 'OK', text: version };
  const remedy = `Run it through npm ("npm run osteograph -- doctor"), which brings its own, or install Node ${wanted}.`;
  return { state: 'FAULT', text: `${version}; ${wanted} is needed`, remedy };
}

/** Free space where the data directory is, or will be. */
export async function checkDisk(dataDir: string): Promise<Finding> {
  const place = nearestFolder(resolve(dataDir));
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const text = `${sizeInWords(free)} free in ${place}`;
  if (free >= LITTLE_SPACE) return { state: 'OK', text };
  const remedy = 'Free some space, "osteograph blobs sweep" removes what nothing needs, or choose another --data-dir.';
  return { state: free < LITTLE_SPACE / 10 ? 'FAULT' : 'WARNING', text, remedy };
}

/** Version of PostgreSQL, and whether its schema is this program's. */
export async function checkDatabase(dataSource: DataSource): Promise<Finding> {
  const version = Number(await one(dataSource, `SELECT current_setting('server_version_num')`));
  const name = await one(dataSource, `SELECT 'PostgreSQL ' || current_setting('server_version')`);
  if (version < OLDEST_POSTGRES) {
    return { state: 'FAULT', text: `${name}; 14 or newer is needed`, remedy: 'Upgrade PostgreSQL.' };
  }
  const waiting = await pendingMigrations(dataSource);
  if (waiting === 0) return { state: 'OK', text: `${name}, migrated` };
  const text = `${name}; ${waiting} of ${dataSource.migrations.length} migrations have not run`;
  return { state: 'FAULT', text, remedy: 'Run "osteograph migrate".' };
}

/** This machine's clock against the database's, which decides when leases and signed URLs end. */
export async function checkClock(dataSource: DataSource, now: () => number = Date.now): Promise<Finding> {
  const before = now();
  const theirs = Number(await one(dataSource, 'SELECT extract(epoch FROM clock_timestamp()) * 1000'));
  const difference = Math.round(theirs - (before + now()) / 2);
  if (Math.abs(difference) <= MAX_CLOCK_DIFFERENCE_MS) {
    return { state: 'OK', text: `within ${Math.max(1, Math.abs(difference))} ms of the database` };
  }
  const seconds = (Math.abs(difference) / 1_000).toFixed(1);
  const text = `${seconds} s ${difference > 0 ? 'behind' : 'ahead of'} the database`;
  return { state: 'FAULT', text, remedy: 'Let both machines keep their clocks by NTP.' };
}

/** Whether the blob store answers, belongs to this database, and has room under its quota. */
export async function checkBlobStore(dataSource: DataSource | undefined, settings: BlobSettings): Promise<Finding> {
  const { dataDir, url, quota } = settings;
  const store = openBlobStore(dataDir, url);
  const mark = await store.readMark();
  if (!dataSource || (await pendingMigrations(dataSource)) > 0)
    return { state: 'OK', text: `${store.location} answers` };
  const known = await one(dataSource, `SELECT value FROM secret WHERE name = 'blob-store'`);
  if (known === null && mark === undefined) return { state: 'OK', text: `${store.location}: nothing is stored yet` };
  if (known !== mark) {
    const text = `${store.location} is not the store of this database`;
    const remedy =
      'Give --data-dir and BLOB_URL as everywhere else, or run "osteograph blobs adopt" if it is the right one.';
    return { state: 'FAULT', text, remedy };
  }
  const { bytes, assets } = await storageUse(dataSource);
  const text = `${store.location}: ${assets} files, ${sizeInWords(bytes)}`;
  const limit = quota ? parseSize(quota, 'OSTEOGRAPH_BLOB_QUOTA') : undefined;
  if (limit === undefined) return { state: 'OK', text };
  const used = `${text} of ${sizeInWords(limit)}`;
  if (bytes < 0.9 * limit) return { state: 'OK', text: used };
  return { state: 'WARNING', text: used, remedy: 'Raise OSTEOGRAPH_BLOB_QUOTA, or delete what is not needed.' };
}

/** The bundles of the folder: every one that is refused is named. */
export async function checkModels(modelsDir: string): Promise<Finding> {
  const listings = await listBundles(modelsDir);
  const ready = listings.flatMap((listing) => ('bundle' in listing ? [listing.bundle.manifest] : []));
  const refused = listings.flatMap((listing) => ('refusal' in listing ? [listing.refusal.message] : []));
  const names = ready.map(({ name, version }) => `${name}@${version}`).join(', ');
  if (refused.length > 0) {
    const remedy = '"osteograph bundles check DIR" looks at one graph by graph.';
    return { state: ready.length > 0 ? 'WARNING' : 'FAULT', text: `refused: ${shortened(refused)}`, remedy };
  }
  if (ready.length > 0) return { state: 'OK', text: names };
  const remedy = 'Give the folder of the bundles with --models, or restore models/ of this installation.';
  return { state: 'FAULT', text: `no bundle in ${modelsDir}`, remedy };
}

/** Which devices run the newest bundle; each is really asked to load it. */
export async function checkDevices(modelsDir: string): Promise<Finding> {
  const newest = (await listBundles(modelsDir))
    .flatMap((listing) => ('bundle' in listing ? [listing.bundle] : []))
    .at(-1);
  if (!newest) return { state: 'WARNING', text: 'not tried: there is no bundle to load' };
  const works: string[] = [];
  const reasons: string[] = [];
  for (const device of DEVICES) {
    const host = await startInferenceHost({ device });
    try {
      await host.describe(newest.dir);
      works.push(device);
    } catch (error) {
      reasons.push(`${device}: ${error instanceof Error ? firstLine(error.message) : String(error)}`);
    } finally {
      await host.close();
    }
  }
  if (works.includes('cpu'))
    return { state: 'OK', text: `${works.join(', ')} (${reasons.join('; ') || 'all of them'})` };
  const remedy = 'Reinstall with "npm ci"; the runtime of this system was not installed.';
  return { state: 'FAULT', text: reasons.join('; '), remedy };
}

/** The first few sentences, and how many more there are. */
function shortened(sentences: readonly string[]): string {
  const more = sentences.length - MAX_REFUSALS;
  return [...sentences.slice(0, MAX_REFUSALS), ...(more > 0 ? [`And ${more} more.`] : [])].join(' ');
}

/** The first column of the first row; null without one. */
async function one(dataSource: DataSource, sql: string): Promise<unknown> {
  const rows: unknown = await dataSource.query(sql);
  const [row]: unknown[] = Array.isArray(rows) ? rows : [];
  return typeof row === 'object' && row !== null ? Object.values(row)[0] : null;
}

function nearestFolder(folder: string): string {
  return existsSync(folder) ? folder : nearestFolder(dirname(folder));
}

function firstLine(text: string): string {
  return text.split('\n')[0]!.slice(0, 160);
}

/** Whether a data directory has been begun. */
export async function isBegun(dataDir: string): Promise<boolean> {
  return (await stat(resolve(dataDir)).catch(() => undefined))?.isDirectory() ?? false;
}
