import { Command, Option } from 'commander';
import { COHORT_KINDS, COHORT_VISIBILITIES } from '../domain/cohorts.js';
import type { CohortKind, CohortVisibility } from '../domain/cohorts.js';
import { UserError } from '../domain/errors.js';
import { decodeId, encodeId } from '../domain/global-ids.js';
import { Cohort, CohortVersion } from '../entities/index.js';
import type { AttritionCounts } from '../entities/index.js';
import { readNamedExams } from '../oai/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import {
  cohortAttrition,
  countCohort,
  createCohort,
  findCohort,
  type ExamName,
  findNamedExams,
  type FoundExams,
  updateCohort,
} from '../services/cohorts/index.js';
import { readJsonFile } from './json-file.js';
import { withDatabase } from './database.js';
import { dataDirOption } from './options.js';

/** The schema of the API takes a second to load; listing, and the help of other commands, need not wait for it. */
const filterJson = () => import('../server/filter-json.js');

/** `osteograph cohorts`: list, show, make and change cohorts of knee exams. */
export function cohortsCommand(): Command {
  const command = new Command('cohorts').description('list, show, make and change cohorts of knee exams').addHelpText(
    'after',
    `
A filter is what "where" takes in the API, as JSON. Enum values are text: "V00", "LEFT", "FEMALE".

A table names exams by its columns ID (or oai_id), SIDE (1 or RIGHT, 2 or LEFT; without it both knees are meant) and VISIT (V00), among any
others, as CSV, TSV, ASCII, XLSX, SAS7BDAT or XPT. Its exams are frozen.

Examples:
  $ osteograph cohorts
  $ echo '{ "visit": { "eq": "V00" }, "kl": { "gte": 2 } }' | osteograph cohorts create --name 'OA at baseline' --filter -
  $ osteograph cohorts create --name 'Our 507 knees' --from knees.csv
  $ osteograph cohorts show Q29ob3J0OjVl...
  $ osteograph cohorts update Q29ob3J0OjVl... --remove-from withdrawn.csv --note 'withdrawn in May'`,
  );
  command
    .command('list', { isDefault: true })
    .description('list every cohort, the last changed first')
    .addOption(dataDirOption())
    .action(list);
  command
    .command('show')
    .description('show a cohort: words, filter, counts and what each criterion removed')
    .argument('<id>', 'id of the cohort, from "osteograph cohorts"')
    .addOption(dataDirOption())
    .action(show);
  command
    .command('create')
    .description('make a cohort from a filter, or from a table that names its exams, and print its id')
    .requiredOption('--name <name>', 'what to call it')
    .option('--filter <file>', 'file with the filter as JSON; - reads standard input')
    .option('--from <file>', 'table whose rows name the exams: columns ID, SIDE (1, 2 or 3 for both), VISIT')
    .option('--leave-out-unknown', 'with --from: leave out rows that name no exam, instead of making nothing', false)
    .option('--description <text>', 'what it is for and how it was chosen')
    .addOption(
      new Option('--kind <kind>', 'freeze the exams, or run the filter anew').choices(COHORT_KINDS).default('STATIC'),
    )
    .addOption(
      new Option('--visibility <who>', 'who may read it beside administrators')
        .choices(COHORT_VISIBILITIES)
        .default('READERS'),
    )
    .addOption(dataDirOption())
    .action(create);
  command
    .command('update')
    .description('make a new version of a cohort: other exams, some more or fewer, or other words; print its number')
    .argument('<id>', 'id of the cohort, from "osteograph cohorts"')
    .option('--filter <file>', 'its exams from now on: file with a filter as JSON; - reads standard input')
    .option('--from <file>', 'its exams from now on: table whose rows name them')
    .option('--add-filter <file>', 'take in the exams that a filter selects')
    .option('--add-from <file>', 'take in the exams that the rows of a table name')
    .option('--remove-filter <file>', 'leave out the exams that a filter selects')
    .option('--remove-from <file>', 'leave out the exams that the rows of a table name')
    .option('--leave-out-unknown', 'leave out rows that name no exam, instead of changing nothing', false)
    .option('--name <name>', 'what to call it from now on')
    .option('--description <text>', 'what it is for from now on')
    .option('--note <text>', 'what changes and why, for the history')
    .addOption(
      new Option('--at-version <number>', 'change nothing unless the cohort is at this version').argParser(Number),
    )
    .addOption(dataDirOption())
    .action(update);
  return command;
}

interface CreateOptions {
  name: string;
  filter?: string;
  from?: string;
  leaveOutUnknown: boolean;
  description?: string;
  kind: CohortKind;
  visibility: CohortVisibility;
  dataDir: string;
}

async function create({ filter: file, from, leaveOutUnknown, dataDir, ...words }: CreateOptions): Promise<void> {
  if ((file === undefined) === (from === undefined)) {
    throw new UserError('BAD_USER_INPUT', 'Say what the cohort is made of: --filter or --from, one of the two.');
  }
  if (leaveOutUnknown && from === undefined) {
    throw new UserError('BAD_USER_INPUT', '--leave-out-unknown goes with --from.');
  }
  const filter = file === undefined ? null : await parsedFilter(file);
  const named = from === undefined ? null : await readNamedExams(from);
  await withDatabase(dataDir, 'cohorts', async ({ dataSource }) => {
    const found = named && (await findNamedExams(dataSource, named, leaveOutUnknown ? 'LEAVE_OUT' : 'REFUSE'));
    const cohort = await createCohort(dataSource, COMMAND_LINE, { ...words, filter, found });
    if (found) tellFound(found);
    console.log(encodeId('Cohort', cohort.id));
  });
}

interface UpdateOptions {
  filter?: string;
  from?: string;
  addFilter?: string;
  addFrom?: string;
  removeFilter?: string;
  removeFrom?: string;
  leaveOutUnknown: boolean;
  name?: string;
  description?: string;
  note?: string;
  atVersion?: number;
  dataDir: string;
}

async function update(id: string, options: UpdateOptions): Promise<void> {
  const { name, description, note, atVersion, leaveOutUnknown, dataDir } = options;
  const parts = {
    contents: await readSelection(options.filter, options.from),
    add: await readSelection(options.addFilter, options.addFrom),
    remove: await readSelection(options.removeFilter, options.removeFrom),
  };
  await withDatabase(dataDir, 'cohorts', async ({ dataSource }) => {
    const rule = leaveOutUnknown ? 'LEAVE_OUT' : 'REFUSE';
    const found = async ({ filter, named }: Selection) => ({
      filter,
      found: named && (await findNamedExams(dataSource, named, rule)),
    });
    const [contents, add, remove] = [
      parts.contents && (await found(parts.contents)),
      parts.add && (await found(parts.add)),
      parts.remove && (await found(parts.remove)),
    ];
    const before = await findCohort(dataSource, COMMAND_LINE, cohortKey(id));
    const words = { name, description, note, version: atVersion ?? before.version };
    const cohort = await updateCohort(dataSource, COMMAND_LINE, before.id, { ...contents, ...words, add, remove });
    for (const part of [contents, add, remove]) if (part?.found) tellFound(part.found);
    console.log(String(cohort.version));
  });
}

/** Exams as a filter, or as the rows of a table that name them. */
interface Selection {
  filter: object | null;
  named: ExamName[] | null;
}

/** @param table a file too; nothing is selected where neither is given */
async function readSelection(filter: string | undefined, table: string | undefined): Promise<Selection | null> {
  if (filter === undefined && table === undefined) return null;
  if (filter !== undefined && table !== undefined) {
    throw new UserError(
      'BAD_USER_INPUT',
      `Say by one of "${filter}" and "${table}" which exams are meant, not by both.`,
    );
  }
  return {
    filter: filter === undefined ? null : await parsedFilter(filter),
    named: table === undefined ? null : await readNamedExams(table),
  };
}

/** @throws UserError BAD_USER_INPUT for what is no id of a cohort */
function cohortKey(id: string): string {
  const decoded = decodeId(id);
  if (decoded?.type !== 'Cohort') throw new UserError('BAD_USER_INPUT', `"${id}" is not the id of a cohort.`);
  return String(decoded.key);
}

async function parsedFilter(file: string): Promise<object> {
  const { parseExamFilter } = await filterJson();
  return parseExamFilter(await readJsonFile(file, 'filter'));
}

/** Beside the id, which alone goes to the standard output. */
function tellFound({ rows, exams, unknown }: FoundExams): void {
  const leftOut = unknown.length === 0 ? '' : `; left out, because they name no exam: ${unknown.length}`;
  console.error(`${exams.length} exams named by ${rows} rows${leftOut}`);
  for (const { row, reason } of unknown) console.error(`row ${row}: ${reason}`);
}

async function list({ dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'cohorts', async ({ dataSource }) => {
    const cohorts = await dataSource.getRepository(Cohort).find({ order: { updatedAt: 'DESC', id: 'ASC' } });
    if (cohorts.length === 0) console.log('There are no cohorts yet; "osteograph cohorts create" makes one.');
    for (const { id, kind, version, visibility, updatedAt, name } of cohorts) {
      const day = updatedAt.toISOString().slice(0, 10);
      const words = [encodeId('Cohort', id), day, kind.padEnd(7), visibility.padEnd(7), `v${version}`.padEnd(4), name];
      console.log(words.join('  '));
    }
  });
}

async function show(id: string, { dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'cohorts', async ({ dataSource }) => {
    const cohort = await findCohort(dataSource, COMMAND_LINE, cohortKey(id));
    const { name, description, kind, visibility, version } = cohort;
    const row = await dataSource.getRepository(CohortVersion).findOneByOrFail({ cohortId: cohort.id, version });
    console.log(`${name} (${kind}, ${visibility}, version ${version} of ${row.createdAt.toISOString().slice(0, 10)})`);
    if (description !== '') console.log(description);
    if (row.filter) {
      const { writeExamFilter } = await filterJson();
      console.log(`filter ${JSON.stringify(await writeExamFilter(row.filter))}`);
    }
    const { origin } = row;
    if (origin.kind === 'EXAMS' && origin.rows) {
      console.log(`named by ${origin.rows.given} rows, of which ${origin.rows.unknown} named no exam`);
    }
    const { exams, participants } = await countCohort(dataSource, COMMAND_LINE, row);
    console.log(`${exams} exams of ${participants} participants`);
    const attrition = await cohortAttrition(dataSource, cohort, row);
    if (attrition) showAttrition(attrition);
  });
}

function showAttrition({ criteria, exams, participants }: AttritionCounts): void {
  const lines = [['exams', 'participants', 'removed', 'criterion']];
  for (const [step, count] of exams.entries()) {
    const removed = step === 0 ? '' : String(exams[step - 1]! - count);
    lines.push([String(count), String(participants[step]!), removed, step === 0 ? 'all' : criteria[step - 1]!.text]);
  }
  for (const [count, people, removed, criterion] of lines) {
    console.log(`${count!.padStart(8)}  ${people!.padStart(12)}  ${removed!.padStart(8)}  ${criterion!}`);
  }
}
