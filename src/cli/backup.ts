import { readdir } from 'node:fs/promises';
import { Command } from 'commander';
import { MIGRATIONS } from '../../migrations/index.js';
import { UserError } from '../domain/errors.js';
import { describeHolder, takeLock } from '../server/database/index.js';
import { audit } from '../services/access/index.js';
import {
  BackupFolder,
  createBackup,
  databaseName,
  keepErasures,
  pruneBackups,
  readManifest,
  requireEmpty,
  restoreBackup,
  verifyBackup,
} from '../services/backups/index.js';
import { openBlobStore, openOwnBlobStore, sizeInWords } from '../storage/index.js';
import { withDatabase } from './database.js';
import { blobSettings, dataDirOption, wholeNumber } from './options.js';
import { progressBar } from './progress.js';
import { stopOnSignal } from './signals.js';
import { counted } from './words.js';

/** Exit code when the store had lost some of the files that were to be backed up. */
const LOST_BLOBS = 2;

/** `osteograph backup`: database and files into a folder, and from there into an empty place. */
export function backupCommand(): Command {
  const command = new Command('backup')
    .description('back up database and files, check backups, and restore them')
    .addHelpText(
      'after',
      `
A backup has every table as of one moment and every file that they name. It is made while everything goes on; files that the
folder has already are not copied again, but for those that have another size there or that "verify" has found damaged. The folder also keeps the list of erasures, which every restore applies. Exit code
${LOST_BLOBS} says that the store had lost files, which the backup therefore lacks.

Examples:
  $ osteograph backup --out /backups                         make one; again tomorrow, into the same folder
  $ osteograph backup list /backups                          those there are
  $ osteograph backup verify /backups                        read all of the newest
  $ osteograph backup restore /backups --data-dir new        into an empty place; --dry-run only looks
  $ osteograph backup erasures --out /backups                after an erasure: older backups are told of it
  $ osteograph backup prune /backups --keep 7                remove all but the newest seven`,
    );
  command
    .command('create', { isDefault: true })
    .description('make a backup')
    .requiredOption('--out <dir>', 'folder of the backups of this database, made if it is not there')
    .addOption(dataDirOption())
    .action(create);
  command
    .command('list')
    .description('print each backup as JSON, one per line, oldest first')
    .argument('<dir>', 'folder of backups')
    .action(list);
  command
    .command('verify')
    .description('read every file of a backup and compare it with its digest')
    .argument('<dir>', 'folder of backups')
    .option('--backup <name>', 'which, as "list" shows it', 'the newest')
    .action(verify);
  command
    .command('restore')
    .description('restore a backup into an empty database and an empty store')
    .argument('<dir>', 'folder of backups')
    .option('--backup <name>', 'which, as "list" shows it', 'the newest')
    .option('--erasures <file...>', 'further lists of erasures, beside the one of the folder', [])
    .option('--dry-run', 'verify it and look whether the place is empty, and change nothing')
    .addOption(dataDirOption())
    .action(restore);
  command
    .command('erasures')
    .description('bring the list of erasures of a folder up to date without a backup')
    .requiredOption('--out <dir>', 'folder of the backups of this database')
    .addOption(dataDirOption())
    .action(erasures);
  command
    .command('prune')
    .description('remove older backups, and files that only those had')
    .argument('<dir>', 'folder of backups')
    .requiredOption('--keep <count>', 'how many of the newest stay, at least 1', wholeNumber('--keep'))
    .action(prune);
  return command;
}

async function create({ out, dataDir }: { out: string; dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'backup', async ({ dataSource }) => {
    const store = await openOwnBlobStore(dataSource, blobSettings(dataDir));
    await BackupFolder.forDatabase(out, await databaseName(dataSource));
    using stop = stopOnSignal('The backup was stopped; those that the folder had are as they were.');
    const bar = progressBar('Copying files');
    let drawn = false;
    const report = await alone(out, () =>
      createBackup({ dataSource, store }, out, {
        signal: stop.signal,
        onBlob(done, total) {
          if (!drawn) bar.start(total);
          drawn = true;
          bar.update(done);
        },
      }),
    ).finally(() => bar.stop());
    const { name, tables, rows, blobs, bytes, copied, copiedBytes, repaired, lost } = report;
    await audit(dataSource, { tokenId: null, action: 'backup', target: name, detail: { rows, blobs, bytes } });
    console.log(
      `${name}: ${rows} rows of ${tables} tables and ${counted(blobs, 'file')}, ${sizeInWords(bytes)}, of which ${copied} ` +
        `(${sizeInWords(copiedBytes)}) were not in ${out} yet.`,
    );
    if (repaired > 0)
      console.log(
        `${counted(repaired, 'file')} that ${repaired === 1 ? 'was' : 'were'} damaged there ${repaired === 1 ? 'was' : 'were'} copied again.`,
      );
    for (const { sha256, fault } of lost) console.error(`${fault}: ${sha256}`);
    if (lost.length > 0) process.exitCode = LOST_BLOBS;
  });
}

async function list(dir: string): Promise<void> {
  const folder = await BackupFolder.existing(dir);
  for (const name of await folder.names()) {
    const { at, osteograph, tables, blobs, lost } = await readManifest(folder.pathOf(name));
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    console.log(
      JSON.stringify({ name, at, osteograph, rows, blobs: blobs.count, bytes: blobs.bytes, lost: lost.length }),
    );
  }
}

interface Which {
  backup: string;
}

async function verify(dir: string, { backup }: Which): Promise<void> {
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const { name, manifest } = await withBar('Checking files', (onProgress, signal) =>
    verifyBackup(dir, known, { name: nameOf(backup), signal, onProgress }),
  );
  const { blobs, lost } = manifest;
  console.log(`${name} is whole: ${counted(blobs.count - lost.length, 'file')}, ${sizeInWords(blobs.bytes)}.`);
}

interface RestoreFlags extends Which {
  erasures: string[];
  dryRun?: boolean;
  dataDir: string;
}

async function restore(dir: string, { backup, erasures, dryRun = false, dataDir }: RestoreFlags): Promise<void> {
  if (dryRun) {
    await verify(dir, { backup });
    if (process.env['DATABASE_URL'] || (await hasFiles(dataDir))) {
      await withDatabase(
        dataDir,
        'backup restore',
        async ({ dataSource }) =>
          requireEmpty(dataSource, openBlobStore(dataDir, process.env['BLOB_URL']), await BackupFolder.existing(dir)),
        EMPTY,
      );
    }
    return;
  }
  // Before a database is made for it.
  await (await BackupFolder.existing(dir)).find(nameOf(backup));
  await withDatabase(
    dataDir,
    'backup restore',
    async ({ dataSource }) => {
      const store = openBlobStore(dataDir, process.env['BLOB_URL']);
      const done = await withBar('Restoring', (onProgress, signal) =>
        restoreBackup({ dataSource, store }, dir, { name: nameOf(backup), erasures, signal, onProgress }),
      );
      console.log(
        `Restored ${done.name}: ${done.rows} rows of ${done.tables} tables and ${counted(done.blobs - done.lost, 'file')}, ${sizeInWords(done.bytes)}.`,
      );
      if (done.migrated > 0)
        console.log(
          `The backup is older than this version: ${done.migrated} ${done.migrated === 1 ? 'migration was' : 'migrations were'} run.`,
        );
      if (done.erased > 0) console.log(`Erased ${done.erased} of its participants again, who had withdrawn since.`);
      console.log('Tokens are those of the backup; revoke again which were revoked since ("token list" shows them).');
      if (done.lost > 0)
        console.log(
          `${counted(done.lost, 'file')} had been lost before the backup was made; "blobs check" names them.`,
        );
    },
    EMPTY,
  );
}

async function erasures({ out, dataDir }: { out: string; dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'backup erasures', async ({ dataSource }) => {
    const folder = await BackupFolder.forDatabase(out, await databaseName(dataSource));
    const count = await alone(out, () => keepErasures(dataSource, folder));
    console.log(`${out} knows ${counted(count, 'erasure')}.`);
  });
}

async function prune(dir: string, { keep }: { keep: number }): Promise<void> {
  if (keep < 1) throw new UserError('BAD_USER_INPUT', '--keep must be at least 1.');
  await BackupFolder.existing(dir);
  const { removed, blobs, bytes } = await alone(dir, () => pruneBackups(dir, keep));
  for (const name of removed) console.log(`removed ${name}`);
  console.log(`Removed ${counted(blobs, 'file')} that only older backups had, ${sizeInWords(bytes)}.`);
}

/** Runs what writes into a folder of backups while nothing else does. */
async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(folder, 'osteograph backup');
  if ('holder' in lock) {
    throw new UserError(
      'CONFLICT',
      `${folder} is being written by ${describeHolder(lock.holder)}; try again when it is done.`,
    );
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** A place that a backup is restored into: nobody else's, and without tables. */
const EMPTY = { share: false, migrate: false };

type OnProgress = (what: 'checked' | 'copied' | 'loaded', done: number, total: number) => void;

async function withBar<T>(
  label: string,
  work: (onProgress: OnProgress, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using stop = stopOnSignal('The work was stopped; nothing was restored.');
  const bar = progressBar(label);
  let now: string | undefined;
  const show: OnProgress = (what, done, total) => {
    if (now !== what) bar.start(total);
    now = what;
    bar.update(done, what);
  };
  return work(show, stop.signal).finally(() => bar.stop());
}

async function hasFiles(dataDir: string): Promise<boolean> {
  return (await readdir(dataDir).catch(() => [])).length > 0;
}

function nameOf(backup: string): string | undefined {
  return backup === 'the newest' ? undefined : backup;
}
