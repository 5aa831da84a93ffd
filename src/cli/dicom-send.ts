import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import type { DicomSending } from '../entities/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import type { Database } from '../server/database/index.js';
import { type CallingTls, callingTls, courierOf } from '../server/dicom/index.js';
import { KINDS } from '../server/kinds.js';
import { createLogger } from '../server/logging.js';
import { DICOM_SENDING, findSendings, requestSendings } from '../services/sendings/index.js';
import { openOwnBlobStore } from '../storage/index.js';
import { startRunner } from '../work/index.js';
import { withDatabase } from './database.js';
import { sendingInWords } from './dicom-sendings.js';
import { blobSettings, dataDirOption } from './options.js';
import { type TlsFileChoice, tlsFileOptions, tlsFilesOf, uidArgument } from './pacs-options.js';
import { progressBar } from './progress.js';
import { stopOnSignal } from './signals.js';

interface Options extends TlsFileChoice {
  dataDir: string;
  to: string;
  generation: string[];
  series: string[];
  wait: boolean;
}

/** How often what becomes of the sendings is looked at, ms. */
const LOOK_MS = 250;

/** `osteograph dicom-send`: send results to a PACS. */
export function dicomSendCommand(): Command {
  const command = new Command('dicom-send')
    .description('send the DICOM objects of generations to a PACS (C-STORE)')
    .addOption(dataDirOption())
    .requiredOption('--to <peer>', 'PACS, as "osteograph dicom-peers" names it')
    .option('--generation <id>', 'generation that has succeeded; may be given several times', collect, [])
    .option(
      '--series <uid>',
      'series by its Series Instance UID, also a real one; may be given several times',
      (uid: string, before: string[]) => [...before, uidArgument(uid)],
      [],
    )
    .option('--no-wait', 'only queue it: a running "osteograph serve" sends it');
  for (const option of tlsFileOptions()) command.addOption(option);
  return command
    .addHelpText(
      'after',
      `
What no bundle made is sent only where --series names it. Objects are sent as DICOMweb gives them, without compression. A PACS that is away is waited
for; Ctrl-C leaves what is not sent to a running "osteograph serve", or to the next. Exit code 1 when something was refused.

Examples:
  $ osteograph dicom-send --to archive --generation R2VuZXJhdGlvbjo5ZDQx...
  $ osteograph dicom-send --to archive --series 2.25.3051...
  $ osteograph dicom-sendings --state FAILED`,
    )
    .action(send);
}

async function send({ dataDir, to, generation, series, wait, ...choice }: Options): Promise<void> {
  const generations = generation.map((id) => {
    const decoded = decodeId(id);
    if (decoded?.type === 'Generation') return String(decoded.key);
    throw new UserError('BAD_USER_INPUT', `${JSON.stringify(id)} is no id of a generation.`);
  });
  // Files that cannot be used are to be known before anything is queued.
  const tls = callingTls(tlsFilesOf(choice));
  await withDatabase(dataDir, 'dicom-send', async (database) => {
    const request = { peer: to, generations, seriesUids: series };
    const sendings = await requestSendings(database.dataSource, COMMAND_LINE, request);
    const over = wait ? await sendNow(database, dataDir, tls, sendings) : sendings;
    for (const sending of over) console.log(sendingInWords(sending));
    const failed = over.filter(({ state }) => state === 'FAILED' || state === 'CANCELED').length;
    if (failed > 0) throw new UserError('CONFLICT', `${failed} of ${over.length} images were not sent.`);
  });
}

/** Sends beside whatever server runs, until these are over. */
async function sendNow(
  { dataSource }: Database,
  dataDir: string,
  tls: CallingTls,
  sendings: readonly DicomSending[],
): Promise<DicomSending[]> {
  using stop = stopOnSignal('Stopped; what is not sent yet waits for "osteograph serve".');
  const store = await openOwnBlobStore(dataSource, blobSettings(dataDir));
  const resources = { store, courier: courierOf(tls), away: new Map() };
  const logger = createLogger('dicom-send');
  const runner = startRunner({ registry: KINDS, dataSource, logger, kind: DICOM_SENDING, resources });
  const bar = progressBar('Sending');
  bar.start(1);
  const ids = sendings.map(({ id }) => id);
  try {
    for (;;) {
      const now = await findSendings(dataSource, COMMAND_LINE, ids);
      if (now.every(({ state }) => DICOM_SENDING.final.includes(state))) return now;
      const share = now.reduce((sum, { sent, total }) => sum + (total ? sent / total : 0), 0) / now.length;
      bar.update(share, now.find(({ waitingReason }) => waitingReason !== null)?.waitingReason ?? 'images');
      await delay(LOOK_MS, undefined, { signal: stop.signal });
    }
  } catch (error) {
    stop.signal.throwIfAborted();
    throw error;
  } finally {
    bar.stop();
    await runner.close();
  }
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}
