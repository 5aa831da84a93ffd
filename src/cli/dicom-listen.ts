import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import type { VisitCode } from '../domain/visits.js';
import { openQueue } from '../scheduling/index.js';
import { openDatabase } from '../server/database/index.js';
import {
  type Caller,
  listeningTls,
  openIntake,
  parseCaller,
  readPatients,
  startListener,
} from '../server/dicom/index.js';
import { createLogger } from '../server/logging.js';
import { createMetrics } from '../server/metrics.js';
import { startTracing } from '../server/tracing.js';
import { statedIn, type StatedOf } from '../services/arrivals/index.js';
import { openOwnBlobStore } from '../storage/index.js';
import { blobSettings, dataDirOption, portNumber, seconds, sharedDatabase, wholeNumber } from './options.js';
import { aeTitleOption, asArgument, type TlsFileChoice, tlsFileOptions, tlsFilesOf } from './pacs-options.js';
import { serveOperations } from './serve-operations.js';
import { stopOnSignal } from './signals.js';

interface Options extends TlsFileChoice {
  dataDir: string;
  aeTitle: string;
  host: string;
  port: number;
  allow: Caller[];
  patients?: string;
  visit?: VisitCode;
  folder?: string;
  maxPdu: number;
  maxAssociations: number;
  idle: number;
  associationTime: number;
  quiet: number;
  drain: number;
  metricsPort?: number;
  metricsHost: string;
  tls: boolean;
}

/** Statements of an import are short; between two of them a film or a series may be read, which takes a while, ms. */
const LIMITS = { statementTimeout: 10_000, idleTransactionTimeout: 300_000 } as const;

/** Time to take in what waits and to let go of everything, ms. */
const CLOSE_MS = 60_000;

/** PS3.8 has no smallest one; below this heads outweigh what they carry. */
const PDU = { min: 4_096, max: 1_048_576, usual: 131_072 } as const;

/** `osteograph dicom-listen`: take what a PACS sends by C-STORE until told to stop. */
export function dicomListenCommand(): Command {
  const command = new Command('dicom-listen')
    .description('take images that a PACS sends (C-STORE, C-ECHO) into the exams of their participants')
    .addOption(dataDirOption())
    .addOption(aeTitleOption('by which it is called'))
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes any free one', portNumber('--port'), 11112)
    .addOption(
      new Option(
        '--allow <caller>',
        'who may send: PACS1, PACS1@10.0.0.5 or PACS1@10.0.0.0/24; may be given several times',
      )
        .argParser(callers)
        .default([], 'nobody'),
    )
    .option('--patients <file>', 'CSV file that says which participants your patients are')
    .addOption(
      new Option('--visit <code>', 'visit of what names none, e.g. V00').argParser((text) =>
        asArgument(() => statedIn({ visit: text }).visit),
      ),
    )
    .option('--folder <dir>', 'where objects lie until they are taken in; default: arrivals in the data directory')
    .option('--max-pdu <bytes>', 'longest PDU that may be sent', wholeNumber('--max-pdu'), PDU.usual)
    .option('--max-associations <n>', 'associations at a time', wholeNumber('--max-associations'), 8)
    .option('--idle <seconds>', 'time between two PDUs', seconds('--idle'), 60)
    .option(
      '--association-time <seconds>',
      'time that an association may take in all',
      seconds('--association-time'),
      3_600,
    )
    .option(
      '--quiet <seconds>',
      'a series is taken in when nothing more of it has come for so long',
      seconds('--quiet'),
      10,
    )
    .option('--drain <seconds>', 'how long SIGTERM lets associations go on', seconds('--drain'), 10)
    .addOption(
      new Option('--metrics-port <port>', 'port for /metrics, /health/live and /health/ready; default: none')
        .argParser(portNumber('--metrics-port'))
        .env('OSTEOGRAPH_DICOM_METRICS_PORT'),
    )
    .option('--metrics-host <address>', 'address of that port; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--tls', 'take associations over TLS, and no others', false);
  for (const option of tlsFileOptions('authorities of which whoever calls has to show a certificate; default: none')) {
    command.addOption(option);
  }
  return command
    .addHelpText(
      'after',
      `
What comes is de-identified and imported as by "osteograph import": a film at once, a series once it is whole. Whose it is, PatientID says: a
participant's id, or one that stands in the file of patients, which is read anew for each object and of which nothing is kept:

  patient,participant,visit
  HOSPITAL-77,9000001,V00

The visit may stand there, in the object (Clinical Trial Time Point ID), or be that of --visit. What contradicts itself, or names a participant
who is not in the database, waits in "osteograph quarantine"; send it again once it is accepted. Without --tls objects are not encrypted on
their way: listen where only your PACS can reach it. SIGTERM or Ctrl-C ends it in good order: what has come is taken in first. What a killed process had received
lies in --folder, as it was sent, until the next start takes it in.

Examples:
  $ osteograph dicom-listen --allow PACS1@10.0.0.5 --host 0.0.0.0 --patients patients.csv
  $ osteograph dicom-listen --allow STORESCU@127.0.0.1 --visit V00
  $ osteograph dicom-listen --allow PACS1 --host 0.0.0.0 --port 2762 --tls --tls-cert our.pem --tls-key our.key --tls-ca hospital.pem`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { dataDir, maxPdu, allow, drain, metricsPort, metricsHost } = options;
  if (allow.length === 0) {
    throw new UserError('BAD_USER_INPUT', 'Say who may send: --allow PACS1@10.0.0.5, or --allow PACS1 from anywhere.');
  }
  if (maxPdu < PDU.min || maxPdu > PDU.max) {
    throw new UserError('BAD_USER_INPUT', `--max-pdu is ${maxPdu}; ${PDU.min} to ${PDU.max} bytes are accepted.`);
  }
  const tls = options.tls ? { tls: listeningTls(tlsFilesOf(options)) } : {};
  // A file that cannot be used is to be known now, and not when the first object comes.
  const patients = statedBy(options);
  await patients();
  const logger = createLogger('dicom');
  using stop = stopOnSignal('The DICOM listener was stopped.', { patienceMs: 1_000 * drain + CLOSE_MS });
  const tracing = await startTracing('osteograph dicom-listen');
  const closers = [() => tracing.close()];
  let failure: UserError | undefined;
  try {
    const database = await openDatabase({ ...sharedDatabase(dataDir, 'dicom-listen'), ...LIMITS });
    closers.push(() => database.close());
    const { dataSource } = database;
    const store = await openOwnBlobStore(dataSource, blobSettings(dataDir));
    const queue = await openQueue({ databaseUrl: database.url, queueUrl: process.env['QUEUE_URL'], logger });
    closers.push(() => queue.close());
    const metrics = createMetrics(dataSource);
    const operations =
      metricsPort === undefined
        ? undefined
        : await serveOperations({ dataSource, queue, store, metrics, host: metricsHost, port: metricsPort, logger });
    closers.push(async () => (operations ? operations.close() : metrics.close()));
    const intake = await openIntake({
      ...{ dataSource, store, queue, patients, logger },
      folder: resolve(options.folder ?? `${dataDir}/arrivals`),
      quietMs: 1_000 * options.quiet,
      onOutcome: metrics.dicomObject,
    });
    closers.push(() => intake.close());
    const listener = await startListener({
      ...{ aeTitle: options.aeTitle, host: options.host, port: options.port, callers: allow, maxPdu, intake, logger },
      ...tls,
      maxAssociations: options.maxAssociations,
      idleMs: 1_000 * options.idle,
      associationMs: 1_000 * options.associationTime,
      onAssociations: metrics.dicomAssociations,
    });
    closers.push(() => listener.close(failure ? 0 : 1_000 * drain));
    logger.info(
      { aeTitle: options.aeTitle, host: options.host, port: listener.port },
      'DICOM associations are accepted',
    );
    void database.gaveUp.then((reason) => stop.now((failure = reason)));
    await stop.asked;
    operations?.sayClosing();
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
  if (failure) throw failure;
}

/** What is stated of an object by its PatientID: the file of patients, read anew, and the visit of all that name none. */
function statedBy({ patients, visit }: Options): () => Promise<StatedOf> {
  const otherwise = visit === undefined ? {} : { visitOtherwise: visit };
  return async () => {
    const known = patients === undefined ? undefined : await readPatients(patients);
    return (patientId) => ({ ...otherwise, ...(patientId === null ? {} : known?.get(patientId)) });
  };
}

function callers(text: string, before: Caller[]): Caller[] {
  return asArgument(() => [...before, parseCaller(text)]);
}
