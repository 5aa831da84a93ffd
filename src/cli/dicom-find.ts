import { Command, InvalidArgumentError, Option } from 'commander';
import { FIND_LEVELS, findOnPacs, type FindLevel, type Pacs } from '../server/dicom/index.js';
import { seconds } from './options.js';
import {
  aeTitleOption,
  fromOption,
  type CallingTlsChoice,
  callingTlsOptions,
  tlsOf,
  uidArgument,
} from './pacs-options.js';

interface Options extends CallingTlsChoice {
  from: Pacs;
  aeTitle: string;
  patient: string;
  study: string;
  date: string;
  modality: string;
  level: FindLevel;
  timeout: number;
  json: boolean;
}

/** `osteograph dicom-find`: what a PACS has. */
export function dicomFindCommand(): Command {
  const command = new Command('dicom-find')
    .description('search a PACS for studies or series (C-FIND)')
    .addOption(fromOption())
    .addOption(aeTitleOption('by which we call'))
    .option('--patient <id>', 'PatientID; * and ? stand for others', '')
    .option('--study <uid>', 'Study Instance UID', uidArgument, '')
    .option('--date <range>', 'day or days of the study, as 20260131 or 20260101-20260131', dates, '')
    .option('--modality <code>', 'such as DX or MR', modality, '')
    .addOption(new Option('--level <level>', 'what is listed').choices(FIND_LEVELS).default('study'))
    .option('--timeout <seconds>', 'how long the PACS may be silent', seconds('--timeout'), 30)
    .option('--json', 'one JSON object per line, for programs', false);
  for (const option of callingTlsOptions()) command.addOption(option);
  return command
    .addHelpText(
      'after',
      `
What the PACS answers is shown and not kept. Series are asked for by study.

Examples:
  $ osteograph dicom-find --from PACS1@10.0.0.5:104 --patient HOSPITAL-77
  $ osteograph dicom-find --from PACS1@10.0.0.5:104 --date 20260101-20260131 --modality DX
  $ osteograph dicom-find --from PACS1@10.0.0.5:104 --level series --study 1.2.840.77.1 --json`,
    )
    .action(run);
}

async function run({
  from,
  aeTitle,
  patient,
  study,
  date,
  modality,
  level,
  timeout,
  json,
  ...choice
}: Options): Promise<void> {
  const keys =
    level === 'study'
      ? {
          StudyInstanceUID: study,
          PatientID: patient,
          StudyDate: date,
          ModalitiesInStudy: modality,
          StudyDescription: '',
        }
      : { StudyInstanceUID: study, SeriesInstanceUID: '', Modality: modality, SeriesDescription: '' };
  const found = await findOnPacs(from, { aeTitle, patienceMs: 1_000 * timeout, ...tlsOf(choice) }, level, keys);
  if (json) for (const match of found) console.log(JSON.stringify(match));
  else if (found.length === 0) console.log('Nothing is found.');
  else
    for (const match of found)
      console.log(
        Object.keys(keys)
          .map((key) => inWords(match[key]))
          .join('  '),
      );
}

/** A value of an answer on one line: it may hold anything. */
function inWords(value: unknown): string {
  const text = [value].flat().map((part) => (typeof part === 'string' || typeof part === 'number' ? String(part) : ''));
  return text.join('\\').replace(/\p{Cc}/gu, '\u{fffd}') || '-';
}

function dates(text: string): string {
  if (/^(?:\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8})$/.test(text)) return text;
  throw new InvalidArgumentError(`A day is written 20260131, days 20260101-20260131; got "${text}".`);
}

function modality(text: string): string {
  if (/^[A-Z]{2,16}$/.test(text)) return text;
  throw new InvalidArgumentError(`A modality is a code such as DX, CR or MR; got "${text}".`);
}
