import { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../domain/errors.js';
import { type DerivedDefinition, kindOfDefinition } from '../domain/variables/index.js';
import { DerivedVariable, DerivedVariableVersion } from '../entities/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import {
  createDerivedVariable,
  type DefinitionRequest,
  deleteDerivedVariable,
  derivedProblem,
  findDerivedVariableNamed,
  updateDerivedVariable,
} from '../services/derived/index.js';
import { findVariables } from '../services/variables/index.js';
import { withDatabase } from './database.js';
import { readJsonFile } from './json-file.js';
import { dataDirOption, wholeNumber } from './options.js';

/** The schema of the API takes a second to load; listing, and the help of other commands, need not wait for it. */
const filterJson = () => import('../server/filter-json.js');

/** Variables that one search prints. */
const MOST_FOUND = 200;

/** `osteograph variables`: find variables, and define those that are derived from others. */
export function variablesCommand(): Command {
  const command = new Command('variables')
    .description('find variables, and define those that are derived from others')
    .addHelpText(
      'after',
      `
A filter is what "where" takes in the API, as JSON. A derived variable is yes where it holds, no where it does not, and missing where a value
that it compares is missing. Bands are a JSON list of { "label", "where" }: the first whose filter holds counts; {} in the last takes whatever
is left.

A change makes a new version. NAME means the newest, NAME@1 the first; cohorts and exports go on with the version that they were made with.

Examples:
  $ osteograph variables search joint space
  $ echo '{ "kl": { "gte": 2 }, "koosPain": { "lte": 80 } }' | osteograph variables define symptomaticOa --label 'Symptomatic OA' --where -
  $ osteograph export oa.csv --variables symptomaticOa
  $ osteograph variables redefine symptomaticOa --where stricter.json --note 'as the protocol has it since May'
  $ osteograph variables show symptomaticOa`,
    );
  command
    .command('list', { isDefault: true })
    .description('list the derived variables by name')
    .addOption(dataDirOption())
    .action(list);
  command
    .command('search')
    .description('find variables, of the release too, whose name, label or released column holds each of the words')
    .argument('<words...>', 'what to look for, letter case ignored')
    .addOption(dataDirOption())
    .action(search);
  command
    .command('show')
    .description('show a derived variable: definition and versions')
    .argument('<name>', 'its name')
    .addOption(dataDirOption())
    .action(show);
  command
    .command('define')
    .description('define a variable, and print its name')
    .argument('<name>', 'what to call it: 2 to 40 letters, digits and underscores')
    .requiredOption('--label <label>', 'what it is, in a few words')
    .option('--where <file>', 'yes or no: file with a filter as JSON; - reads standard input')
    .option('--bands <file>', 'bands: file with a list of labels and filters as JSON; - reads standard input')
    .option('--description <text>', 'what it is for and whom it follows')
    .addOption(dataDirOption())
    .action(define);
  command
    .command('redefine')
    .description('make a new version of a derived variable, and print its number')
    .argument('<name>', 'its name')
    .option('--where <file>', 'yes or no from now on: file with a filter as JSON; - reads standard input')
    .option(
      '--bands <file>',
      'bands from now on: file with a list of labels and filters as JSON; - reads standard input',
    )
    .option('--label <label>', 'what it is from now on')
    .option('--description <text>', 'what it is for from now on')
    .option('--note <text>', 'what changes and why, for the history')
    .option('--at-version <number>', 'change nothing unless it is at this version', wholeNumber('--at-version'))
    .addOption(dataDirOption())
    .action(redefine);
  command
    .command('delete')
    .description('delete a derived variable that nothing uses, with all its versions')
    .argument('<name>', 'its name')
    .addOption(dataDirOption())
    .action(remove);
  return command;
}

interface DefinitionOptions {
  where?: string | undefined;
  bands?: string | undefined;
}

async function define(
  name: string,
  { where, bands, dataDir, ...words }: DefinitionOptions & { label: string; description?: string; dataDir: string },
): Promise<void> {
  if ((where === undefined) === (bands === undefined)) {
    throw new UserError('BAD_USER_INPUT', 'Say what the variable is: --where or --bands, one of the two.');
  }
  const definition = await readDefinition({ where, bands });
  await withDatabase(dataDir, 'variables', async ({ dataSource }) => {
    const variable = await createDerivedVariable(dataSource, COMMAND_LINE, { name, ...words, ...definition });
    console.log(variable.name);
  });
}

interface RedefineOptions extends DefinitionOptions {
  label?: string;
  description?: string;
  note?: string;
  atVersion?: number;
  dataDir: string;
}

async function redefine(name: string, { where, bands, atVersion, dataDir, ...words }: RedefineOptions): Promise<void> {
  const definition = await readDefinition({ where, bands });
  await withDatabase(dataDir, 'variables', async ({ dataSource }) => {
    const before = await findDerivedVariableNamed(dataSource, name);
    const change = { ...words, ...definition, version: atVersion ?? before.version };
    console.log(String((await updateDerivedVariable(dataSource, COMMAND_LINE, before.id, change)).version));
  });
}

async function remove(name: string, { dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'variables', async ({ dataSource }) => {
    const { id, name: known } = await findDerivedVariableNamed(dataSource, name);
    await deleteDerivedVariable(dataSource, COMMAND_LINE, id);
    console.log(`Deleted ${known}.`);
  });
}

async function list({ dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'variables', async ({ dataSource }) => {
    const variables = await dataSource.getRepository(DerivedVariable).find({ order: { name: 'ASC' } });
    if (variables.length === 0)
      console.log('There are no derived variables yet; "osteograph variables define" makes one.');
    for (const { name, version, updatedAt, label } of variables) {
      console.log([name.padEnd(40), `v${version}`.padEnd(4), updatedAt.toISOString().slice(0, 10), label].join('  '));
    }
  });
}

async function search(words: string[], { dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'variables', async ({ dataSource }) => {
    const found = await findVariables(dataSource, words.join(' '), { most: MOST_FOUND + 1 });
    if (found.length === 0) console.log(`No variable has ${words.map((word) => `"${word}"`).join(' and ')}.`);
    for (const { name, kind, label, unit } of found.slice(0, MOST_FOUND)) {
      const meaning = [label ?? '', ...(unit === null ? [] : [`(${unit})`])].join(' ');
      console.log([name.padEnd(20), kind.toLowerCase().padEnd(6), meaning].join('  ').trimEnd());
    }
    if (found.length > MOST_FOUND) console.error(`These are the first ${MOST_FOUND}; give more words.`);
  });
}

async function show(name: string, { dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'variables', async ({ dataSource }) => {
    const variable = await findDerivedVariableNamed(dataSource, name);
    const versions = await dataSource
      .getRepository(DerivedVariableVersion)
      .find({ where: { variableId: variable.id }, order: { version: 'DESC' } });
    const [newest] = versions;
    console.log(
      `${variable.name}: ${newest!.label} (${kindOfDefinition(newest!.definition)}, version ${variable.version})`,
    );
    if (newest!.description !== '') console.log(newest!.description);
    const problem = await derivedProblem(dataSource, variable, variable.version);
    if (problem !== null) console.log(problem);
    for (const { version, createdAt, note, definition } of versions) {
      console.log(`version ${version} of ${createdAt.toISOString().slice(0, 10)}${note === null ? '' : `: ${note}`}`);
      for (const line of await linesOf(definition)) console.log(`  ${line}`);
    }
  });
}

async function linesOf(definition: DerivedDefinition): Promise<string[]> {
  const { writeExamFilter } = await filterJson();
  const written = async (where: object) => JSON.stringify(await writeExamFilter(where));
  if ('where' in definition) return [`where ${await written(definition.where)}`];
  return Promise.all(
    definition.bands.map(async ({ label, where }, index) => `${index + 1} ${label}: ${await written(where)}`),
  );
}

const BANDS = z.array(z.strictObject({ label: z.string(), where: z.record(z.string(), z.unknown()) }));

async function readDefinition({ where, bands }: DefinitionOptions): Promise<DefinitionRequest> {
  if (where === undefined && bands === undefined) return {};
  const { parseExamFilter } = await filterJson();
  const filter = where === undefined ? null : await parseExamFilter(await readJsonFile(where, 'filter'));
  if (bands === undefined) return { where: filter };
  const { data } = BANDS.safeParse(await readJsonFile(bands, 'bands'));
  if (!data) {
    throw new UserError('BAD_USER_INPUT', 'Bands are a list of objects, each with a "label" and a filter as "where".');
  }
  const read: { label: string; where: object }[] = [];
  for (const { label, where: of } of data) read.push({ label, where: await parseExamFilter(of) });
  return { where: filter, bands: read };
}
