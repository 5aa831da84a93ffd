import { Command, InvalidArgumentError } from 'commander';
import type { DataSource } from 'typeorm';
import { audit } from '../services/access/index.js';
import {
  type BlobStore,
  checkBlobs,
  openOwnBlobStore,
  sizeInWords,
  storageUse,
  SWEEP_GRACE_MS,
  sweepBlobs,
} from '../storage/index.js';
import { withDatabase } from './database.js';
import { blobSettings, dataDirOption } from './options.js';
import { progressBar } from './progress.js';
import { stopOnSignal } from './signals.js';
import { counted } from './words.js';

/** Exit code when blobs are missing or damaged. */
const BAD_BLOBS = 2;

/** `osteograph blobs`: how much is stored, whether it is whole, and what nothing needs any more. */
export function blobsCommand(): Command {
  const command = new Command('blobs').description('show, check and sweep the stored files').addHelpText(
    'after',
    `
The store is the folder "blobs" of the data directory, or what BLOB_URL names (s3://bucket/prefix?endpoint=https://host or
file:///directory). OSTEOGRAPH_BLOB_QUOTA, e.g. 200GB, limits what is put into it. A running "serve" sweeps on its own every
six hours. Exit code ${BAD_BLOBS} says that files are missing or damaged.

Examples:
  $ osteograph blobs                                where the files are, how many and how large
  $ osteograph blobs sweep --dry-run                what a sweep would remove
  $ osteograph blobs check                          read every file and compare it with its digest`,
  );
  command
    .command('show', { isDefault: true })
    .description('say where the files are, how many and how large')
    .addOption(dataDirOption())
    .action(({ dataDir }: { dataDir: string }) => withStore(dataDir, 'blobs show', show));
  command
    .command('sweep')
    .description('remove files that nothing refers to and drafts of processes that are gone')
    .option('--dry-run', 'only count them')
    .option('--older-than <time>', 'leave what is younger, e.g. 12h or 30d', duration, SWEEP_GRACE_MS)
    .addOption(dataDirOption())
    .action(sweep);
  command
    .command('check')
    .description('read every file and compare it with its digest')
    .addOption(dataDirOption())
    .action(({ dataDir }: { dataDir: string }) => withStore(dataDir, 'blobs check', check));
  command
    .command('adopt')
    .description("take the store for this database's, after one of them was copied or restored")
    .addOption(dataDirOption())
    .action(({ dataDir }: { dataDir: string }) => withStore(dataDir, 'blobs adopt', adopted, { adopt: true }));
  return command;
}

async function show(dataSource: DataSource, store: BlobStore): Promise<void> {
  const { bytes, assets } = await storageUse(dataSource);
  const limit = store.quota === undefined ? '' : ` of the ${sizeInWords(store.quota)} that may be used`;
  console.log(`${store.location}: ${counted(assets, 'file')}, ${sizeInWords(bytes)}${limit}.`);
}

interface SweepFlags {
  dryRun?: boolean;
  olderThan: number;
  dataDir: string;
}

async function sweep({ dryRun = false, olderThan, dataDir }: SweepFlags): Promise<void> {
  await withStore(dataDir, 'blobs sweep', async (dataSource, store) => {
    using stop = stopOnSignal('The sweep was stopped; what it had removed stays removed.');
    const bar = progressBar('Sweeping');
    bar.start(256);
    const report = await sweepBlobs({
      dataSource,
      store,
      dryRun,
      graceMs: olderThan,
      signal: stop.signal,
      onProgress: (folders) => bar.update(folders),
    }).finally(() => bar.stop());
    const { blobs, assets, bytes, drafts, missing, skipped } = report;
    if (!dryRun) {
      const detail = { blobs, assets, bytes, drafts, missing: missing.length };
      await audit(dataSource, { tokenId: null, action: 'blobs.sweep', detail });
    }
    console.log(
      `${dryRun ? 'Would remove' : 'Removed'} ${counted(blobs, 'file')} without a row, ${counted(assets, 'file')} that nothing refers to ` +
        `(together ${sizeInWords(bytes)}) and ${counted(drafts, 'draft')}.`,
    );
    if (skipped > 0) console.log(`${skipped} of 256 folders were in use; the next sweep sees to them.`);
    reportBad(missing.map((sha256) => ({ sha256, fault: 'missing' })));
  });
}

async function check(dataSource: DataSource, store: BlobStore): Promise<void> {
  using stop = stopOnSignal('The check was stopped.');
  const bar = progressBar('Checking');
  let drawn = false;
  const { assets, bytes, bad } = await checkBlobs(dataSource, store, {
    signal: stop.signal,
    onProgress(done, total, read) {
      if (!drawn) bar.start(total);
      drawn = true;
      bar.update(done, sizeInWords(read));
    },
  }).finally(() => bar.stop());
  console.log(`Read ${counted(assets, 'file')}, ${sizeInWords(bytes)}: ${assets - bad.length} as they were stored.`);
  reportBad(bad);
}

async function adopted(dataSource: DataSource, store: BlobStore): Promise<void> {
  await audit(dataSource, { tokenId: null, action: 'blobs.adopt', detail: { location: store.location } });
  console.log(`${store.location} now belongs to this database; restart what runs with another store.`);
}

function reportBad(bad: readonly { sha256: string; fault: string }[]): void {
  for (const { sha256, fault } of bad) console.error(`${fault}: ${sha256}`);
  if (bad.length > 0) process.exitCode = BAD_BLOBS;
}

async function withStore(
  dataDir: string,
  purpose: string,
  work: (dataSource: DataSource, store: BlobStore) => Promise<void>,
  options?: { adopt: boolean },
): Promise<void> {
  await withDatabase(dataDir, purpose, async ({ dataSource }) =>
    work(dataSource, await openOwnBlobStore(dataSource, blobSettings(dataDir), options)),
  );
}

function duration(text: string): number {
  const match = /^(\d+)([hd])$/.exec(text);
  if (!match) throw new InvalidArgumentError(`--older-than must look like 12h or 30d, got "${text}".`);
  return Number(match[1]) * (match[2] === 'h' ? 3_600_000 : 86_400_000);
}
