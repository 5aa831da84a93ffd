import { Command } from 'commander';
import { UserError } from '../domain/errors.js';
import { openQueue } from '../scheduling/index.js';
import { type Database, openDatabase } from '../server/database/index.js';
import { createLogger } from '../server/logging.js';
import { modelsOption } from './choose-bundle.js';
import {
  checkBlobStore,
  checkClock,
  checkDatabase,
  checkDevices,
  checkDisk,
  checkModels,
  checkNode,
  type Finding,
  isBegun,
} from './doctor/checks.js';
import { blobSettings, dataDirOption, sharedDatabase } from './options.js';

interface Options {
  dataDir: string;
  models: string;
  json?: boolean;
}

/** `osteograph doctor`: is everything there that the platform needs, and what to do where it is not. Changes nothing. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check Node, disk, database, clock, blobs, queue, models and devices, one line each')
    .addOption(dataDirOption())
    .addOption(modelsOption())
    .option('--json', 'print one JSON object with a list of findings')
    .addHelpText(
      'after',
      `
Looks at what DATABASE_URL, BLOB_URL, QUEUE_URL and --data-dir name, beside a running "serve" or alone, and changes nothing.
Exit code 1 says that something cannot work.

Examples:
  $ osteograph doctor
  $ DATABASE_URL=postgresql://me@host/osteograph osteograph doctor --json`,
    )
    .action(run);
}

const MARKS = { OK: 'ok     ', WARNING: 'warning', FAULT: 'FAULT  ' } as const;

async function run({ dataDir, models, json = false }: Options): Promise<void> {
  const findings: ({ what: string } & Finding)[] = [];
  const report = async (what: string, check: () => Finding | Promise<Finding>) => {
    const finding = { what, ...(await attempt(check)) };
    findings.push(finding);
    if (json) return;
    console.log(`${MARKS[finding.state]}  ${what.padEnd(9)} ${finding.text}`);
    if (finding.remedy) console.log(`                    ${finding.remedy}`);
  };
  await report('Node', checkNode);
  await report('disk', () => checkDisk(dataDir));
  await withDatabase(dataDir, report);
  await report('models', () => checkModels(models));
  await report('devices', () => checkDevices(models));
  if (json) console.log(JSON.stringify({ findings }, null, 2));
  if (findings.some(({ state }) => state === 'FAULT')) process.exitCode = 1;
}

type Report = (what: string, check: () => Finding | Promise<Finding>) => Promise<void>;

/** Everything that needs the database. Without one the other checks are still worth making. */
async function withDatabase(dataDir: string, report: Report): Promise<void> {
  const settings = blobSettings(dataDir);
  const queueUrl = process.env['QUEUE_URL'];
  let database: Database | undefined;
  await report('database', async () => {
    if (!process.env['DATABASE_URL'] && !(await isBegun(dataDir))) {
      return { state: 'OK', text: `none yet: "osteograph serve" or "import" makes one in ${dataDir}` };
    }
    database = await openDatabase({ ...sharedDatabase(dataDir, 'doctor'), migrate: false });
    return checkDatabase(database.dataSource);
  });
  try {
    const dataSource = database?.dataSource;
    if (dataSource) await report('clock', () => checkClock(dataSource));
    if (dataSource || settings.url) await report('blobs', () => checkBlobStore(dataSource, settings));
    if (database && queueUrl) {
      const { url } = database;
      await report('queue', () => checkQueue(url, queueUrl));
    }
  } finally {
    await database?.close();
  }
}

async function checkQueue(databaseUrl: string, queueUrl: string): Promise<Finding> {
  const queue = await openQueue({ databaseUrl, queueUrl, logger: createLogger('doctor', 'silent') });
  try {
    await queue.ping();
    return { state: 'OK', text: `${new URL(queueUrl).host} answers` };
  } finally {
    await queue.close();
  }
}

/** A check that cannot be made is a fault in its own words. */
async function attempt(check: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof UserError) return { state: 'FAULT', text: error.message };
    return { state: 'FAULT', text: error instanceof Error ? error.message : String(error) };
  }
}
