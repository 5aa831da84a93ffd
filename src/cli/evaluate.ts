import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { destination, type Logger, pino } from 'pino';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { SEED_RULES, type SeedRule } from '../domain/batches.js';
import { UserError } from '../domain/errors.js';
import { EVALUATION_METRICS, EVALUATION_REFERENCES, METRIC_WORDS, REFERENCE_NAMES } from '../domain/evaluations.js';
import { FEATURES, type FeatureCode } from '../domain/features.js';
import { encodeId } from '../domain/global-ids.js';
import { EvaluationFile, type Evaluation } from '../entities/index.js';
import { SAMPLERS, type SamplerName } from '../inference/index.js';
import { openQueue } from '../scheduling/index.js';
import { openDatabase } from '../server/database/index.js';
import { parseExamFilter } from '../server/filter-json.js';
import { KINDS } from '../server/kinds.js';
import { startWorkerChild } from '../server/worker-child.js';
import { registerBundles } from '../services/bundles/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import {
  EVALUATION,
  evaluationLogs,
  type EvaluationRequest,
  type EvaluationResults,
  type FeatureSet,
  findEvaluation,
  type LoggedEvaluationEvent,
  requestEvaluation,
} from '../services/evaluations/index.js';
import { cohortFilter } from '../services/exports/index.js';
import { type BlobStore, openOwnBlobStore, readAsset } from '../storage/index.js';
import { openEventLogs, startRunner } from '../work/index.js';
import { deviceOption, modelsOption } from './choose-bundle.js';
import { readJsonFile } from './json-file.js';
import { blobSettings, dataDirOption, sharedDatabase, wholeNumber } from './options.js';
import { progressBar } from './progress.js';
import { stopOnSignal } from './signals.js';

interface Options {
  bundle: string[];
  name?: string;
  cohort?: string;
  filter?: string;
  slices?: number[];
  steps?: number[];
  sampler?: SamplerName[];
  features?: string;
  seed?: number;
  seedRule?: SeedRule;
  out?: string;
  json?: boolean;
  worker: boolean;
  dataDir: string;
  models: string;
  device: string;
}

/** `osteograph evaluate`: compare bundles on the knees of a cohort, and write the report. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('compare bundles, and ways of running them, on the knees that have an MRI series')
    .addOption(
      new Option('--bundle <name@version>', 'what to compare; repeatable').argParser(collect).makeOptionMandatory(),
    )
    .option('--cohort <id>', 'only knees of this cohort, by its id from "osteograph cohorts"')
    .option('--filter <file>', 'file with a filter of knee exams as JSON; - reads standard input')
    .option('--slices <counts>', 'slices of a volume, separated by commas (default: 50)', wholeNumbers('--slices'))
    .option('--steps <counts>', "denoiser steps, separated by commas (default: each bundle's)", wholeNumbers('--steps'))
    .option('--sampler <names>', `${SAMPLERS.join(' or ')}, or both, separated by a comma`, samplers)
    .option('--features <file>', 'file with sets of grades as JSON: ablations and what-ifs, see below')
    .option('--seed <number>', 'same seed, same volumes', wholeNumber('--seed'))
    .addOption(new Option('--seed-rule <rule>', 'a seed of its own for each knee, or one for all').choices(SEED_RULES))
    .option('--name <name>', 'name of the evaluation')
    .option('--out <dir>', 'folder for report.html, scores.csv and the charts')
    .option('--json', 'print the figures as JSON')
    .option('--no-worker', 'start no worker: one is running elsewhere')
    .addOption(dataDirOption())
    .addOption(modelsOption())
    .addOption(deviceOption())
    .addHelpText(
      'after',
      `
Every combination is an arm. Volumes that are there are taken, the others are made; a run that was interrupted goes on where
it was when the same command is given again. Grades for --features, null meaning "treat as missing":
  { "preferred reading": {}, "without chondrocalcinosis": { "XRCHM": null, "XRCHL": null } }

Examples:
  $ osteograph evaluate --bundle mine@2.0.0 --bundle mine@1.0.0 --filter held-out.json --out report
  $ osteograph evaluate --bundle mine --steps 1,2,4,20 --out few-steps
  $ osteograph evaluate --bundle mine --slices 30,50,100,200 --out interpolation`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const request = await requestOf(options);
  const logger = pino({ name: 'evaluate', level: process.env['LOG_LEVEL'] ?? 'warn' }, destination(2));
  process.env['LOG_LEVEL'] ??= 'warn';
  const closers: (() => Promise<unknown>)[] = [];
  using stop = stopOnSignal('The evaluation was stopped; the same command goes on where it was.');
  try {
    const database = await openDatabase(sharedDatabase(options.dataDir, 'evaluate'));
    closers.push(() => database.close());
    void database.gaveUp.then((reason) => stop.now(reason));
    const { dataSource, url: databaseUrl } = database;
    await registerBundles(dataSource, options.models);
    const asked = await requestEvaluation(dataSource, COMMAND_LINE, request);
    const blobs = blobSettings(options.dataDir);
    const store = await openOwnBlobStore(dataSource, blobs);
    if (asked.state !== 'SUCCEEDED') {
      const queue = await openQueue({ databaseUrl, queueUrl: process.env['QUEUE_URL'], logger });
      closers.push(() => queue.close());
      const { device } = options;
      const worker = options.worker ? startWorkerChild({ blobs, databaseUrl, device, logger }) : undefined;
      if (worker) closers.push(() => worker.close());
      const resources = { store, queue };
      const runner = startRunner({ registry: KINDS, kind: EVALUATION, dataSource, resources, logger });
      closers.push(() => runner.close());
      await follow(asked, { dataSource, databaseUrl, logger, stop: stop.signal });
    }
    const evaluation = await findEvaluation(dataSource, asked.id);
    if (evaluation.state !== 'SUCCEEDED') {
      throw new UserError('UNAVAILABLE', evaluation.error ?? `The evaluation is ${evaluation.state}.`);
    }
    if (options.out) await writeFiles(dataSource, store, evaluation, options.out);
    print(evaluation, options);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

async function requestOf(options: Options): Promise<EvaluationRequest> {
  const filter = options.filter === undefined ? undefined : ((await readJsonFile(options.filter, 'filter')) as object);
  const written = options.cohort ? cohortFilter(options.cohort, null, filter) : filter;
  return {
    name: options.name,
    bundles: options.bundle,
    samplers: options.sampler,
    steps: options.steps,
    sliceCounts: options.slices,
    featureSets: options.features === undefined ? undefined : await readFeatureSets(options.features),
    seed: options.seed,
    seedRule: options.seedRule,
    written,
    where: written && (await parseExamFilter(written)),
  };
}

const FEATURE_SETS = z.record(
  z.string(),
  z.partialRecord(z.enum(FEATURES.map(({ code }) => code) as [FeatureCode]), z.int().nullable()),
);

async function readFeatureSets(file: string): Promise<FeatureSet[]> {
  const parsed = FEATURE_SETS.safeParse(await readJsonFile(file, 'sets of grades'));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError('BAD_USER_INPUT', `${file}: ${issue!.path.join('.') || 'the whole'}: ${issue!.message}.`);
  }
  return Object.entries(parsed.data).map(([name, grades]) => ({
    name,
    overrides: Object.entries(grades).map(([feature, grade]) => ({ feature: feature as FeatureCode, grade })),
  }));
}

interface FollowContext {
  dataSource: DataSource;
  databaseUrl: string;
  logger: Logger;
  stop: AbortSignal;
}

/** Draws the progress until the evaluation has ended. @throws UserError UNAVAILABLE when told to stop */
async function follow(evaluation: Evaluation, { dataSource, databaseUrl, logger, stop }: FollowContext): Promise<void> {
  const bar = progressBar('Evaluating');
  bar.start(evaluation.examCount * evaluation.arms.length, 'volumes');
  const sources = { evaluations: evaluationLogs(dataSource) };
  const { logs, close } = await openEventLogs({ databaseUrl, logger, sources });
  try {
    for await (const event of logs.evaluations.subscribe(evaluation.id, evaluation.lastSeq, stop)) show(event);
    stop.throwIfAborted();
  } finally {
    bar.stop();
    await close();
  }

  function show(event: LoggedEvaluationEvent): void {
    if (event.type !== 'VOLUME_SCORED') return;
    const { done, failed, psnr } = event.payload;
    const figure = psnr === null ? '' : `, last PSNR ${psnr.toFixed(1)} dB`;
    bar.update(done, `volumes${figure}${failed > 0 ? `, ${failed} failed` : ''}`);
  }
}

async function writeFiles(dataSource: DataSource, store: BlobStore, { id }: Evaluation, out: string): Promise<void> {
  const files = await dataSource.manager.find(EvaluationFile, {
    where: { evaluationId: id },
    relations: { asset: true },
  });
  try {
    await mkdir(out, { recursive: true });
    for (const { name, asset } of files) await writeFile(join(out, name), await readAsset(store, asset));
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new UserError('UNAVAILABLE', `${out} cannot be written (${code}).`, { cause: error });
  }
}

function print(evaluation: Evaluation, { json, out }: Options): void {
  const { id, name, arms, settings, examCount, participantCount, phantomCount } = evaluation;
  const results = evaluation.results as EvaluationResults;
  if (json) {
    const counts = { exams: examCount, participants: participantCount, phantoms: phantomCount };
    console.log(
      JSON.stringify({ id: encodeId('Evaluation', id), name, ...counts, settings, arms, ...results }, null, 2),
    );
    return;
  }
  const whose =
    phantomCount === 0 ? '' : `, ${phantomCount === examCount ? 'all' : phantomCount} of them phantoms, not patients`;
  console.log(
    `${examCount} knees of ${participantCount} people${whose}. Medians (95 % interval), below the arms those of volumes that say nothing of the knee:\n`,
  );
  printScores(evaluation, results);
  printKnees(evaluation, results);
  if (results.failures.length > 0)
    console.log(`\n${results.failures.length} volumes have no scores; the report says why.`);
  if (out) console.log(`\nReport: ${join(out, 'report.html')}`);
  console.log('\nEvery volume is synthetic; nothing here is clinically valid.');
}

/** A line for each arm and for each kind of volume that says nothing. */
function printScores({ arms }: Evaluation, { summaries, references }: EvaluationResults): void {
  const rows = [
    ...arms.map(({ label }, place) => ({ label, own: summaries.filter(({ arm }) => arm === place) })),
    ...EVALUATION_REFERENCES.map((kind) => ({
      label: REFERENCE_NAMES[kind],
      own: references.filter(({ reference }) => reference === kind),
    })).filter(({ own }) => own.length > 0),
  ];
  const width = Math.max(...rows.map(({ label }) => label.length));
  for (const { label, own } of rows) {
    const figures = EVALUATION_METRICS.map((metric) => {
      const { name, digits } = METRIC_WORDS[metric];
      const { median = null, interval } = own.find((summary) => summary.metric === metric) ?? {};
      if (median === null) return `${name} none`;
      const range = interval ? ` (${interval.lower.toFixed(digits)}-${interval.upper.toFixed(digits)})` : '';
      return `${name} ${median.toFixed(digits)}${range}`;
    });
    console.log(`  ${label.padEnd(width)}  ${figures.join('   ')}`);
  }
}

function printKnees({ arms }: Evaluation, { retrieval, jointSpace, film }: EvaluationResults): void {
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  for (const [place, { label }] of arms.entries()) {
    const lines: string[] = [];
    const near = retrieval.find(({ arm }) => arm === place);
    if (near) {
      lines.push(
        `own knee first of ${Math.round(near.others + 1)}: ${percent(near.first)}; pairs won: ${percent(near.pairs)}`,
      );
    }
    for (const { compartment, medianError, agreement, found, exams } of jointSpace.filter(({ arm }) => arm === place)) {
      const limits = agreement
        ? `, mean ${agreement.bias.toFixed(2)}, limits ${agreement.lower.toFixed(2)} to ${agreement.upper.toFixed(2)}`
        : '';
      const error = medianError === null ? 'none' : `off by ${medianError.toFixed(2)} mm${limits}`;
      lines.push(`joint space, ${compartment.toLowerCase()}: ${error}; found in ${percent(found / exams)}`);
    }
    const shown = film.find(({ arm }) => arm === place);
    if (shown) lines.push(`one joint line in each compartment: ${percent(shown.oneLine)}`);
    if (lines.length > 0) console.log([`\n  ${label}`, ...lines].join('\n    '));
  }
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function wholeNumbers(name: string): (text: string) => number[] {
  return (text) => text.split(',').map((part) => wholeNumber(name)(part.trim()));
}

function samplers(text: string): SamplerName[] {
  return text.split(',').map((part) => {
    const found = SAMPLERS.find((known) => known === part.trim().toUpperCase());
    if (!found) throw new InvalidArgumentError(`It must be ${SAMPLERS.join(' or ')}.`);
    return found;
  });
}
