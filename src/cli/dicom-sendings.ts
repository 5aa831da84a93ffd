import { Command, Option } from 'commander';
import { DICOM_SENDING_STATES, type DicomSendingState } from '../domain/dicom-sendings.js';
import { UserError } from '../domain/errors.js';
import { encodeId } from '../domain/global-ids.js';
import type { DicomSending } from '../entities/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import { cancelSending, listSendings, retrySending } from '../services/sendings/index.js';
import { withDatabase } from './database.js';
import { dataDirOption, wholeNumber } from './options.js';

/** `osteograph dicom-sendings`: what is on its way to a PACS, and what became of the rest. */
export function dicomSendingsCommand(): Command {
  const command = new Command('dicom-sendings')
    .description('list, cancel and retry what is sent to a PACS')
    .addHelpText(
      'after',
      `
Examples:
  $ osteograph dicom-sendings
  $ osteograph dicom-sendings --state FAILED
  $ osteograph dicom-sendings retry 3`,
    );
  command
    .command('list', { isDefault: true })
    .description('the newest first')
    .addOption(dataDirOption())
    .addOption(new Option('--state <state>', 'only those in this state').choices(DICOM_SENDING_STATES))
    .option('--limit <n>', 'how many', wholeNumber('--limit'), 50)
    .option('--json', 'one JSON object per line, for programs')
    .action(list);
  for (const [name, description, change] of [
    ['cancel', 'stop one that waits or runs; what the PACS has stays there', cancelSending],
    ['retry', 'queue one that failed or was canceled anew', retrySending],
  ] as const) {
    command
      .command(name)
      .description(description)
      .argument('<number>', 'as "osteograph dicom-sendings" shows it')
      .addOption(dataDirOption())
      .action(async (number: string, { dataDir }: { dataDir: string }) => {
        if (!/^[1-9]\d{0,8}$/.test(number)) {
          throw new UserError('BAD_USER_INPUT', `${JSON.stringify(number)} is no number of a sending.`);
        }
        await withDatabase(dataDir, 'dicom-sendings', async ({ dataSource }) => {
          console.log(sendingInWords(await change(dataSource, COMMAND_LINE, Number(number))));
        });
      });
  }
  return command;
}

interface ListOptions {
  dataDir: string;
  state?: DicomSendingState;
  limit: number;
  json?: boolean;
}

async function list({ dataDir, state, limit, json }: ListOptions): Promise<void> {
  await withDatabase(dataDir, 'dicom-sendings', async ({ dataSource }) => {
    const sendings = await listSendings(dataSource, COMMAND_LINE, { state: state ?? null, limit });
    if (json) for (const sending of sendings) console.log(JSON.stringify(plain(sending)));
    else if (sendings.length === 0) console.log('Nothing was sent.');
    else for (const sending of sendings) console.log(sendingInWords(sending));
  });
}

function plain({
  id,
  peer,
  series,
  state,
  sent,
  warned,
  total,
  waitingReason,
  error,
  createdAt,
}: DicomSending): object {
  const generation = series.generationId === null ? null : encodeId('Generation', series.generationId);
  const { seriesUid } = series;
  const progress = { state, sent, warned, total, waitingReason, error };
  return { id, peer: peer.name, generation, seriesUid, ...progress, createdAt };
}

/** A sending on one line, and why it waits or failed on another. */
export function sendingInWords(sending: DicomSending): string {
  const { id, peer, series, state, sent, warned, total, waitingReason, error } = sending;
  const what =
    series.generationId === null
      ? `series ${series.seriesUid ?? '?'}`
      : `generation ${encodeId('Generation', series.generationId)}`;
  const warnings = warned > 0 ? `, ${warned} with a warning` : '';
  const why = error ?? waitingReason;
  return `${id}  ${what} to ${peer.name}: ${state.toLowerCase()}, ${sent} of ${total ?? '?'} objects${warnings}${why === null ? '' : `\n    ${why}`}`;
}
