import { Command, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { moveFromPacs, type Pacs } from '../server/dicom/index.js';
import { seconds } from './options.js';
import {
  aeTitle,
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
  to?: string;
  study: string;
  series?: string;
  timeout: number;
}

/** `osteograph dicom-fetch`: have a PACS send a study to the listener. */
export function dicomFetchCommand(): Command {
  const command = new Command('dicom-fetch')
    .description('have a PACS send a study to "osteograph dicom-listen" (C-MOVE)')
    .addOption(fromOption())
    .addOption(aeTitleOption('by which we call'))
    .addOption(
      new Option('--to <title>', 'AE title of the listener, which the PACS has to know; default: --ae-title').argParser(
        aeTitle,
      ),
    )
    .requiredOption('--study <uid>', 'Study Instance UID', uidArgument)
    .option('--series <uid>', 'Series Instance UID, for one series of it', uidArgument)
    .option('--timeout <seconds>', 'how long the PACS may be silent', seconds('--timeout'), 120);
  for (const option of callingTlsOptions()) command.addOption(option);
  return command
    .addHelpText(
      'after',
      `
The PACS opens an association of its own to the listener, whose address it must have under that AE title. What the listener does with each
object its log says, and "osteograph quarantine" what waits. Exit code 1 when an object could not be sent.

Examples:
  $ osteograph dicom-fetch --from PACS1@10.0.0.5:104 --study 1.2.840.77.1
  $ osteograph dicom-fetch --from PACS1@10.0.0.5:104 --study 1.2.840.77.1 --series 1.2.840.77.1.2`,
    )
    .action(run);
}

async function run({ from, aeTitle: own, to = own, study, series, timeout, ...choice }: Options): Promise<void> {
  const request = { studyUid: study, seriesUid: series, destination: to };
  const progress = (completed: number, remaining: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${completed} sent, ${remaining} left `);
  };
  const { completed, failed, warned } = await moveFromPacs(
    from,
    { aeTitle: own, patienceMs: 1_000 * timeout, ...tlsOf(choice) },
    request,
    progress,
  );
  if (process.stderr.isTTY) process.stderr.write('\n');
  if (failed > 0) {
    throw new UserError(
      'UNAVAILABLE',
      `${from.aeTitle} sent ${completed} objects to ${to}; ${failed} could not be sent.`,
    );
  }
  if (completed + warned === 0)
    throw new UserError('NOT_FOUND', `${from.aeTitle} has no such study, or sent nothing of it.`);
  console.log(`${from.aeTitle} sent ${completed + warned} objects to ${to}.`);
}
