import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { parseJson } from '../domain/json.js';
import { EXPORT_FORMATS } from '../domain/exports.js';
import type { ExportFormat } from '../domain/exports.js';
import { SPLIT_METHODS, type SplitMethod } from '../domain/splits.js';
import { COMPETING_EVENTS, SURVIVAL_EVENTS } from '../domain/survival.js';
import { VISIT_CODES } from '../domain/visits.js';
import { openDatabase } from '../server/database/index.js';
import { exportRequest } from '../server/exports.js';
import { platformSchema } from '../server/schema.js';
import { audit } from '../services/access/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import {
  COLUMN_GROUPS,
  dictionary,
  EXPORT_COLUMNS,
  type ExportHooks,
  exportSpec,
  writeArchive,
  writeTable,
} from '../services/exports/index.js';
import { openOwnBlobStore } from '../storage/index.js';
import { readJsonFile } from './json-file.js';
import { blobSettings, dataDirOption, sharedDatabase, wholeNumber } from './options.js';
import { writeWhole } from './export-file.js';
import { formatNamed, formatOf, written } from './export-formats.js';
import { described, heldBy, itemsOf } from './export-words.js';
import { progressBar } from './progress.js';
import { stopOnSignal } from './signals.js';

interface Options {
  format?: ExportFormat;
  participants?: boolean;
  filter?: string;
  cohort?: string;
  columns?: string;
  event?: string;
  competing?: string[];
  origin?: string;
  later?: string[];
  variables?: string;
  changes?: string;
  slopes?: string;
  pairs?: string;
  folds?: number;
  split?: SplitMethod;
  seed?: number;
  series?: string;
  generations?: string;
  batch?: string;
  withReal?: boolean;
  dataDir: string;
}

/** `osteograph export`: knee exams as a file, or their volumes as an archive, with the manifest beside it. */
export function exportCommand(): Command {
  const command = new Command('export')
    .description(
      'write knee exams to a file, one row per exam, or their volumes, or what generations made, to an archive',
    )
    .argument('[file]', 'file to write; its ending says how: .csv, .ndjson or .parquet; .zip needs --format')
    .addOption(
      new Option('--format <format>', `how to write it: ${EXPORT_FORMATS.map(written).join(', ')}`).argParser(
        formatNamed,
      ),
    )
    .option('--filter <file>', 'file with a filter of knee exams as JSON; - reads standard input')
    .option('--cohort <id>', 'only exams of this cohort, by its id from "osteograph cohorts"')
    .option('--participants', 'one row per participant instead, examined or not; --filter is of participants')
    .option('--columns <names>', 'columns or groups, separated by commas; "columns" lists them')
    .option(
      '--event <name>',
      `adds time, status and competing event: ${SURVIVAL_EVENTS.join(', ')}`,
      oneOf(SURVIVAL_EVENTS),
    )
    .option(
      '--competing <names>',
      `what ends the risk of it, separated by commas: ${COMPETING_EVENTS.join(', ')}`,
      someOf(COMPETING_EVENTS),
    )
    .option(
      '--later <visits>',
      'one row per knee, with columns of these later visits too, separated by commas',
      someOf(VISIT_CODES),
    )
    .option(
      '--origin <visit>',
      'the visit that --event counts from, and of the rows of --later (default: V00)',
      oneOf(VISIT_CODES),
    )
    .option('--variables <names>', 'variables that get a column each, separated by commas, e.g. V00KOOSYM,P01INJ')
    .option('--changes <list>', 'changes of variables between two visits, e.g. WOMKP:V00:V06,XRJSM:V00:V06')
    .option('--slopes <list>', 'slopes per year of variables over the visits of a period, e.g. KOOSKP:V00:V10')
    .option(
      '--pairs <file>',
      'file that says as JSON which exams are paired: only these are written, with the pair of each',
    )
    .option(
      '--split <method>',
      'adds a column that tells train, val and test, or the fold, of each participant: alike in KL or SITE, RANDOM, or LEAVE_ONE_SITE_OUT',
      oneOf(SPLIT_METHODS),
    )
    .option(
      '--folds <count>',
      'with --split or alone: so many equal parts instead of train, val and test',
      wholeNumber('--folds'),
    )
    .option(
      '--seed <number>',
      'with --split or --folds: another seed gives other parts (default: 0)',
      wholeNumber('--seed'),
    )
    .option('--series <json>', 'archives: which series of the exams; default: those that no bundle generated')
    .option('--generations <ids>', 'archives: what these generations made, separated by commas')
    .option('--batch <id>', 'archives: what this batch has made')
    .option('--with-real', 'with --generations or --batch: also the real series of the same exams')
    .addOption(dataDirOption())
    .addHelpText(
      'after',
      `
Groups of columns: ${COLUMN_GROUPS.join(', ')}. Without --columns every group but readings is written. The key columns
and "phantom" are always there; a grade comes with the column that says why it is missing. FILE.manifest.json says what was
written: digest, filter, cohorts, counts, data dictionary with units and codes. An archive keeps volumes that were generated, drawn
and taken of persons in folders of their own, and has its own manifest, with the provenance of each generated volume. files-zip takes
whatever generations of any task made, each file as it is kept: restored films, frames, DICOM, curves, tables.

Examples:
  $ osteograph export knees.parquet
  $ echo '{ "visit": { "eq": "V00" }, "kl": { "gte": 2 } }' | osteograph export oa.csv --filter - --columns age,sex,grades
  $ osteograph export readings.ndjson --columns readings
  $ osteograph export people.csv --participants --variables V00INCOME,V00WOMKPR
  $ osteograph export incidence.csv --event KL_GE_2 --competing KNEE_REPLACEMENT,DEATH --later V03,V06
  $ osteograph export change.csv --changes WOMKP:V00:V06 --slopes MCMJSW:V00:V10 --columns sex,age
  $ echo '{ "of": "SAME_PERSON", "cases": { "kl": { "gte": 2 } }, "controls": { "kl": { "lte": 1 } } }' | osteograph export pairs.csv --pairs -
  $ osteograph export real.zip --format nifti-zip --filter oa.json
  $ osteograph export made.zip --format dicom-zip --series '{ "synthetic": { "eq": true } }'
  $ osteograph export restored.zip --format files-zip --batch ID
  $ osteograph export columns                             the data dictionary`,
    )
    .action(run);
  command.command('columns').description('list the columns with their groups, types and meaning').action(listColumns);
  return command;
}

/** What the options ask of a split; undefined where they ask for none. */
function splitIn({ split: method, folds, seed }: Options): object | undefined {
  if (method !== undefined || folds !== undefined) return { method, folds, seed };
  if (seed === undefined) return undefined;
  throw new UserError('BAD_USER_INPUT', '--seed goes with --split or --folds.');
}

async function run(file: string | undefined, options: Options): Promise<void> {
  if (file === undefined) throw new UserError('BAD_USER_INPUT', 'Say which file to write, e.g. knees.parquet.');
  checkTogether(options);
  const format = options.format ?? formatOf(file);
  const request = exportRequest(await platformSchema(), {
    format,
    unit: options.participants ? 'PARTICIPANT' : 'KNEE_EXAM',
    columns: namesIn(options.columns),
    variables: namesIn(options.variables),
    event: options.event && {
      origin: options.origin,
      event: options.event,
      competing: options.competing,
    },
    asOf: options.later && { origin: options.origin, visits: options.later },
    numbers: [...periodsIn(options.changes, 'change'), ...periodsIn(options.slopes, 'slope')],
    pairs: options.pairs === undefined ? undefined : await readJsonFile(options.pairs, 'pairs'),
    split: splitIn(options),
    cohortId: options.cohort,
    where: options.filter === undefined ? undefined : await readJsonFile(options.filter, 'filter'),
    series: options.series === undefined ? undefined : seriesFilter(options.series),
    generationIds: namesIn(options.generations),
    batchId: options.batch,
    withReal: options.withReal,
  });
  const database = await openDatabase(sharedDatabase(options.dataDir, 'export'));
  const bar = progressBar('Exporting');
  using stop = stopOnSignal('The export was stopped; nothing was written.');
  try {
    const { dataSource } = database;
    const spec = await exportSpec(dataSource, COMMAND_LINE, request);
    let drawn = false;
    const hooks: ExportHooks = {
      signal: stop.signal,
      onProgress({ done, total, rows }) {
        if (!drawn) bar.start(total);
        drawn = true;
        bar.update(done, `${rows} ${'archive' in spec ? itemsOf(spec.format) : 'rows'}`);
      },
    };
    // A table needs no blobs, and is written while their store is down.
    const stream =
      'archive' in spec
        ? writeArchive(
            { dataSource, store: await openOwnBlobStore(dataSource, blobSettings(options.dataDir)) },
            spec,
            hooks,
          )
        : writeTable(dataSource, spec, hooks);
    const manifest = await writeWhole(file, spec, stream);
    bar.stop();
    const { filter, cohorts } = manifest;
    const held = 'kinds' in manifest ? { ...heldBy(manifest), archive: manifest.archive } : { rows: manifest.rows };
    await audit(dataSource, { tokenId: null, action: 'export.download', detail: { format, filter, cohorts, ...held } });
    console.log(`${file}: ${described(manifest)}`);
  } finally {
    bar.stop();
    await database.close();
  }
}

/** @throws UserError BAD_USER_INPUT for an option that would change nothing without another: the file would not hold what it was meant to */
function checkTogether({ event, competing, later, origin }: Options): void {
  if (competing !== undefined && event === undefined) {
    throw new UserError('BAD_USER_INPUT', '--competing needs --event, whose risk it ends.');
  }
  if (origin !== undefined && event === undefined && later === undefined) {
    throw new UserError('BAD_USER_INPUT', '--origin needs --event or --later; --filter selects exams of one visit.');
  }
}

function namesIn(list: string | undefined): string[] | undefined {
  return list?.split(',').map((name) => name.trim());
}

/** @throws UserError BAD_USER_INPUT for what is not written as NAME:FROM:TO */
function periodsIn(list: string | undefined, as: 'change' | 'slope'): object[] {
  return (namesIn(list) ?? []).map((text) => {
    const [, variable, from, to] = /^(.+):(\w+):(\w+)$/.exec(text) ?? [];
    if (variable !== undefined) return { variable, [as]: { from, to } };
    throw new UserError('BAD_USER_INPUT', `--${as}s takes names with two visits, e.g. WOMKP:V00:V06, got ${text}.`);
  });
}

/** Takes one of some words, for commander. */
function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((known) => known === text.trim().toUpperCase());
    if (word === undefined) throw new InvalidArgumentError(`It must be one of ${words.join(', ')}.`);
    return word;
  };
}

/** Takes several of them, separated by commas. */
function someOf<T extends string>(words: readonly T[]): (text: string) => T[] {
  return (text) => text.split(',').map(oneOf(words));
}

function seriesFilter(text: string): unknown {
  return parseJson(text, '--series', '--series must be a filter as JSON, e.g. { "synthetic": { "eq": true } }.');
}

function listColumns(): void {
  for (const { name, group, type, unit, description } of dictionary(EXPORT_COLUMNS)) {
    console.log(`${name.padEnd(20)}  ${group.padEnd(12)}  ${type.padEnd(7)}  ${description}${unit ? `, ${unit}` : ''}`);
  }
}
