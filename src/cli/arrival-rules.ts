import { Command, Option } from 'commander';
import { ARRIVAL_MODALITIES, ARRIVAL_TASKS, type ArrivalModality, type ArrivalTask } from '../domain/arrival-rules.js';
import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import type { ArrivalRule } from '../entities/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import { addArrivalRule, listArrivalRules, removeArrivalRule } from '../services/arrivals/index.js';
import { withDatabase } from './database.js';
import { dataDirOption } from './options.js';

/** `osteograph arrival-rules`: what is made of films that arrive. */
export function arrivalRulesCommand(): Command {
  const command = new Command('arrival-rules')
    .description('list, add and remove rules for what is made of films that arrive by DICOMweb or from a PACS')
    .addHelpText(
      'after',
      `
A film that is stored into a participant is held against all rules. Workers make what they ask for, once however often the film is sent, and
viewers find it by DICOMweb. Films that are imported from a folder are no arrivals; "osteograph batches" is for those.

Examples:
  $ osteograph arrival-rules list
  $ osteograph arrival-rules add --task xray-to-mri --modality DX
  $ osteograph arrival-rules add --task image-restoration --cohort Q29ob3J0Ojk2...
  $ osteograph arrival-rules add --task xray-to-mri --modality DX --send-to archive
  $ osteograph arrival-rules remove 2`,
    );
  command
    .command('list', { isDefault: true })
    .description('the rules, with their numbers')
    .addOption(dataDirOption())
    .option('--json', 'one JSON object per line, for programs')
    .action(list);
  command
    .command('add')
    .description('have something made of each film that arrives from now on')
    .addOption(dataDirOption())
    .addOption(new Option('--task <task>', 'what is made').choices(ARRIVAL_TASKS).makeOptionMandatory())
    .addOption(new Option('--modality <code>', 'only of films of this modality').choices(ARRIVAL_MODALITIES))
    .option('--cohort <id>', 'only of knees of this cohort, as "osteograph cohorts" shows its id')
    .option('--bundle <name>', 'name or name@version; default: the newest that is ready when a film arrives')
    .option('--send-to <peer>', 'PACS that what is made is sent to, as "osteograph dicom-peers" names it')
    .action(add);
  command
    .command('remove')
    .description('remove a rule; what was made by it stays')
    .argument('<number>', 'as "osteograph arrival-rules list" shows it')
    .addOption(dataDirOption())
    .action(async (number: string, { dataDir }: { dataDir: string }) => {
      if (!/^[1-9]\d{0,8}$/.test(number)) {
        throw new UserError('BAD_USER_INPUT', `${JSON.stringify(number)} is no number of a rule.`);
      }
      await withDatabase(dataDir, 'arrival-rules', async ({ dataSource }) => {
        await removeArrivalRule(dataSource, COMMAND_LINE, Number(number));
        console.log(`Rule ${number} is removed.`);
      });
    });
  return command;
}

async function list({ dataDir, json }: { dataDir: string; json?: boolean }): Promise<void> {
  await withDatabase(dataDir, 'arrival-rules', async ({ dataSource }) => {
    const rules = await listArrivalRules(dataSource);
    if (json) for (const rule of rules) console.log(JSON.stringify(plain(rule)));
    else if (rules.length === 0) console.log('There is no arrival rule.');
    else for (const rule of rules) console.log(inWords(rule));
  });
}

interface AddOptions {
  dataDir: string;
  task: ArrivalTask;
  modality?: ArrivalModality;
  cohort?: string;
  bundle?: string;
  sendTo?: string;
}

async function add({ dataDir, task, modality, cohort, bundle, sendTo }: AddOptions): Promise<void> {
  const named = cohort === undefined ? null : decodeId(cohort);
  if (named !== null && named?.type !== 'Cohort') {
    throw new UserError(
      'BAD_USER_INPUT',
      `${JSON.stringify(cohort)} is no id of a cohort; "osteograph cohorts" shows them.`,
    );
  }
  const cohortId = named === null ? null : String(named.key);
  await withDatabase(dataDir, 'arrival-rules', async ({ dataSource }) => {
    console.log(inWords(await addArrivalRule(dataSource, COMMAND_LINE, { task, modality, cohortId, bundle, sendTo })));
  });
}

function plain({ id, task, modality, bundle, cohort, sendTo, createdBy, createdAt }: ArrivalRule): object {
  const names = { cohort: cohort?.name ?? null, sendTo: sendTo?.name ?? null, createdBy: createdBy?.name ?? null };
  return { id, task, modality, bundle, ...names, createdAt };
}

function inWords({ id, task, modality, bundle, cohort, sendTo, createdBy }: ArrivalRule): string {
  const films = modality === null ? 'films' : `${modality} films`;
  const of = cohort === null ? '' : ` of knees in "${cohort.name}"`;
  const to = sendTo === null ? '' : `, sent to ${sendTo.name}`;
  return `${id}  ${task} of ${films}${of}, by ${bundle ?? 'the newest bundle'}${to}; added by ${createdBy?.name ?? 'the command line'}`;
}
