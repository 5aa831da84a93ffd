import { Command, InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import { z } from 'zod';
import { BATCH_STATES, type BatchCounters, type BatchState, countersOf, SEED_RULES, sumOf } from '../domain/batches.js';
import type { SeedRule } from '../domain/batches.js';
import { UserError } from '../domain/errors.js';
import { decodeId, encodeId } from '../domain/global-ids.js';
import { NOISE_MODES } from '../domain/generations.js';
import type { NoiseMode } from '../domain/generations.js';
import { Batch, Bundle, queryRows } from '../entities/index.js';
import { type SamplerName, SAMPLERS } from '../inference/index.js';
import {
  batchPaces,
  type BatchServices,
  cancelBatch,
  createBatch,
  deleteBatch,
  openEventHub,
  pauseBatch,
  resumeBatch,
  retryBatch,
} from '../services/batches/index.js';
import { type Database } from '../server/database/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import { cohortFilter } from '../services/exports/index.js';
import { readJsonFile } from './json-file.js';
import { openOwnBlobStore } from '../storage/index.js';
import { withDatabase } from './database.js';
import { blobSettings, dataDirOption, wholeNumber } from './options.js';
import { progressBar } from './progress.js';

/** The schema of the API takes a second to load; listing, and the help of other commands, need not wait for it. */
const filterJson = () => import('../server/filter-json.js');

/** `osteograph batches`: make volumes of whole cohorts, and see to those that are being made. */
export function batchesCommand(): Command {
  const command = new Command('batches').description('make volumes of whole cohorts').addHelpText(
    'after',
    `
Examples:
  $ osteograph batches create --cohort Q29ob3J0OjVl... --steps 20 --watch
  $ osteograph batches --state RUNNING
  $ osteograph batches pause QmF0Y2g6OWQ...
  $ osteograph batches delete QmF0Y2g6OWQ...`,
  );
  command
    .command('list', { isDefault: true })
    .description('list batches, the newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(BATCH_STATES))
    .addOption(dataDirOption())
    .action(list);
  command
    .command('show')
    .description('show a batch: what it makes, how far it is, and why exams have no volume')
    .argument('<id>', 'id of the batch, from "osteograph batches"')
    .addOption(dataDirOption())
    .action(show);
  command
    .command('watch')
    .description('follow a batch to its end; code 1 unless every exam has its volume')
    .argument('<id>', 'id of the batch')
    .addOption(dataDirOption())
    .action((id: string, { dataDir }: { dataDir: string }) =>
      withDatabase(dataDir, 'batches', (database) => watch(database, keyOf(id))),
    );
  command.addCommand(createCommand());
  const changes: [string, string, typeof pauseBatch][] = [
    ['pause', 'start no more of its generations; those that run go on to their end', pauseBatch],
    ['resume', 'go on with a paused batch', resumeBatch],
    ['cancel', 'cancel what waits and stop what runs', cancelBatch],
    ['retry', 'queue what failed or was canceled anew', retryBatch],
  ];
  for (const [name, description, work] of changes) {
    command
      .command(name)
      .description(description)
      .argument('<id>', 'id of the batch')
      .addOption(dataDirOption())
      .action((id: string, { dataDir }: { dataDir: string }) => change(dataDir, id, work));
  }
  command
    .command('delete')
    .description('remove a batch that is over, with every volume made for it; those it took over stay')
    .argument('<id>', 'id of the batch')
    .addOption(dataDirOption())
    .action(remove);
  return command;
}

interface CreateOptions {
  cohort?: string;
  cohortVersion?: number;
  filter?: string;
  name?: string;
  bundle?: string;
  slices?: number;
  steps?: number;
  sampler?: SamplerName;
  noise?: NoiseMode;
  seed?: number;
  seedRule?: SeedRule;
  priority?: number;
  skip: boolean;
  watch?: true;
  dataDir: string;
}

function createCommand(): Command {
  return new Command('create')
    .description('make a volume of every exam of a cohort and print the id of the batch')
    .option('--cohort <id>', 'the cohort, from "osteograph cohorts"; its exams of this moment are frozen')
    .option('--cohort-version <n>', 'version of the cohort (default: the newest)', wholeNumber('--cohort-version'))
    .option('--filter <file>', 'file with a filter as JSON, instead or besides; - reads standard input')
    .option('--name <name>', "what to call it (default: the cohort's name)")
    .option('--bundle <name@version>', 'model (default: the newest that is ready)')
    .option('--slices <count>', 'slices of each volume (default: 50)', wholeNumber('--slices'))
    .option('--steps <count>', "denoiser steps (default: the bundle's)", wholeNumber('--steps'))
    .addOption(new Option('--sampler <name>', "sampler (default: the bundle's)").choices(SAMPLERS))
    .addOption(new Option('--noise <mode>', 'one initial noise for all slices, or one each').choices(NOISE_MODES))
    .option('--seed <number>', 'the seed, or what the seeds are derived from (default: 0)', wholeNumber('--seed'))
    .addOption(new Option('--seed-rule <rule>', 'one seed for all exams, or one each').choices(SEED_RULES))
    .option('--priority <number>', '-10 to 10; a higher one goes first (default: 0)', priority)
    .option('--no-skip', 'make every volume anew, also those that are there')
    .option('--watch', 'follow it to its end')
    .addOption(dataDirOption())
    .action(create);
}

async function create(options: CreateOptions): Promise<void> {
  const { cohort, cohortVersion, filter: file, slices, skip, watch: stay, dataDir, ...rest } = options;
  const { parseExamFilter, writeExamFilter } = await filterJson();
  const filter = file === undefined ? null : await parseExamFilter(await readJsonFile(file, 'filter'));
  if (cohort === undefined && filter === null)
    throw new UserError('BAD_USER_INPUT', 'Give --cohort, --filter or both.');
  const where = cohort === undefined ? filter! : cohortFilter(cohort, cohortVersion, filter);
  const written = await writeExamFilter(where);
  await withDatabase(dataDir, 'batches', async (database) => {
    const request = { ...rest, sliceCount: slices, skipExisting: skip, where, written };
    const batch = await createBatch(services(database), COMMAND_LINE, request);
    console.log(encodeId('Batch', batch.id));
    if (stay) await watch(database, batch.id);
  });
}

async function list({ state, dataDir }: { state?: BatchState; dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'batches', async ({ dataSource }) => {
    const where = state === undefined ? {} : { state };
    const batches = await dataSource.getRepository(Batch).find({ where, order: { createdAt: 'DESC' }, take: 200 });
    if (batches.length === 0) console.log('There are no such batches; "osteograph batches create" makes one.');
    for (const batch of batches) {
      const day = batch.createdAt.toISOString().slice(0, 10);
      const done = sumOf(batch) - batch.waiting - batch.running;
      const words = [encodeId('Batch', batch.id), day, batch.state.padEnd(9), `${done}/${sumOf(batch)}`.padStart(11)];
      console.log([...words, batch.name].join('  '));
    }
  });
}

async function show(id: string, { dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'batches', async ({ dataSource }) => {
    const batch = await findBatch(dataSource, keyOf(id));
    const bundle = await dataSource.getRepository(Bundle).findOneByOrFail({ id: batch.bundleId });
    console.log(`${batch.name} (${batch.state}, of ${batch.createdAt.toISOString().slice(0, 16)}Z)`);
    if (batch.message !== null) console.log(batch.message);
    const seed = batch.seed === null ? 'no seed' : `seed ${batch.seed} (${batch.seedRule})`;
    const { task, sliceCount, sampler, steps, priority: rank } = batch;
    const made = sliceCount === null ? `${task}, ${steps} steps` : `${sliceCount} slices, ${sampler} ${steps}`;
    console.log(`${bundle.name}@${bundle.version}, ${made}, ${seed}, priority ${rank}`);
    console.log(wordsOf(batch));
    const [pace] = await batchPaces(dataSource, [batch]);
    if (pace!.perHour !== null) console.log(paceOf(pace!.perHour, pace!.estimatedEnd!));
    const reasons = await queryRows(
      dataSource,
      z.object({ reason: z.string(), exams: z.number() }),
      `SELECT coalesce(m.reason, g.error) AS reason, count(*)::integer AS exams
       FROM batch_member m LEFT JOIN generation g ON g.id = m.generation_id
       WHERE m.batch_id = $1 AND (m.reason IS NOT NULL OR g.state = 'FAILED') GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20`,
      [batch.id],
    );
    for (const { reason, exams } of reasons) console.log(`${String(exams).padStart(8)}  ${reason}`);
  });
}

/** Draws the batch's log as it grows; the end decides the exit code. */
async function watch({ dataSource, url: databaseUrl }: Database, id: string): Promise<void> {
  const batch = await findBatch(dataSource, id);
  const hub = await openEventHub({ dataSource, databaseUrl, logger: pino({ level: 'silent' }) });
  const bar = progressBar('Volumes');
  bar.start(sumOf(batch), batch.state.toLowerCase());
  try {
    for await (const { payload } of hub.batches.subscribe(id, Math.max(batch.lastSeq - 1, 0))) {
      const { counters } = payload;
      const { failed } = counters;
      const state = 'state' in payload ? payload.state.toLowerCase() : 'running';
      bar.update(
        sumOf(counters) - counters.waiting - counters.running,
        failed > 0 ? `${state}, ${failed} failed` : state,
      );
    }
  } finally {
    bar.stop();
    await hub.close();
  }
  const ended = await findBatch(dataSource, id);
  console.log(`${ended.state}: ${wordsOf(ended)}`);
  if (ended.state !== 'SUCCEEDED') process.exitCode = 1;
}

async function change(dataDir: string, id: string, work: typeof pauseBatch): Promise<void> {
  await withDatabase(dataDir, 'batches', async (database) => {
    const batch = await work(services(database), COMMAND_LINE, keyOf(id));
    console.log(`${batch.state}: ${wordsOf(batch)}`);
  });
}

async function remove(id: string, { dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'batches', async ({ dataSource }) => {
    const store = await openOwnBlobStore(dataSource, blobSettings(dataDir));
    await deleteBatch({ dataSource, store }, COMMAND_LINE, keyOf(id));
    console.log('Deleted, with the volumes that were made for it.');
  });
}

/** Workers look for what waits every two seconds: a command need not open their queue to wake them. */
function services({ dataSource }: Database): BatchServices {
  return { dataSource, queue: { enqueue: () => Promise.resolve() } };
}

async function findBatch(dataSource: Database['dataSource'], id: string): Promise<Batch> {
  const batch = await dataSource.getRepository(Batch).findOneBy({ id });
  if (!batch) throw new UserError('NOT_FOUND', 'There is no such batch.');
  return batch;
}

/** E.g. "12 succeeded, 3 reused, 1 failed". */
function wordsOf(batch: BatchCounters): string {
  const counted = Object.entries(countersOf(batch)).filter(([, count]) => count > 0);
  return counted.map(([name, count]) => `${count} ${name === 'impossible' ? 'not possible' : name}`).join(', ');
}

function paceOf(perHour: number, end: Date): string {
  return `${perHour.toFixed(1)} per hour; done about ${end.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function keyOf(id: string): string {
  const decoded = decodeId(id);
  if (decoded?.type !== 'Batch') throw new UserError('BAD_USER_INPUT', `"${id}" is not the id of a batch.`);
  return String(decoded.key);
}

function priority(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError(`--priority must be a whole number, got "${text}".`);
  return Number(text);
}
