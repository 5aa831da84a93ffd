import { Command, InvalidArgumentError, Option } from 'commander';
import type { UserError } from '../domain/errors.js';
import { createLogger } from '../server/logging.js';
import { startPlatform } from '../server/platform.js';
import { startTracing } from '../server/tracing.js';
import { DEFAULT_QUOTA, MAX_QUOTA } from '../services/access/index.js';
import type { RetentionRules } from '../services/retention/index.js';
import { deviceOption, modelsOption } from './choose-bundle.js';
import { addOidcOptions, type GivenOidc, oidcOf } from './oidc-options.js';
import { blobSettings, dataDirOption, portNumber, seconds } from './options.js';
import { retentionOption } from './retention.js';
import { stopOnSignal } from './signals.js';
import { webhookOptions, type WebhookChoice, webhookRulesOf } from './webhook-options.js';

interface Options extends GivenOidc, WebhookChoice {
  dataDir: string;
  host: string;
  port: number;
  worker: boolean;
  device: string;
  models: string;
  drainDelay: number;
  rateLimit: number;
  corsOrigin: string[];
  retention: RetentionRules;
}

/** From the end of the drain delay: requests get 5 s, the worker 20 s, and the database what is left, ms. */
const CLOSE_MS = 45_000;

/** `osteograph serve`: the API, and one worker beside it. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('open the API, with one worker beside it')
    .addOption(dataDirOption())
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes any free one', portNumber('--port'), 4000)
    .option('--no-worker', 'start no worker; "osteograph worker" elsewhere takes the generations')
    .addOption(deviceOption())
    .addOption(modelsOption())
    .addOption(
      new Option(
        '--drain-delay <seconds>',
        'how long /health/ready says no before anything ends, for a balancer to see it',
      )
        .argParser(seconds('--drain-delay'))
        .default(0)
        .env('OSTEOGRAPH_DRAIN_DELAY'),
    )
    .addOption(
      new Option('--rate-limit <points>', 'points that a token may spend in a minute; 0 for any number')
        .argParser(pointsNumber)
        .default(DEFAULT_QUOTA)
        .env('OSTEOGRAPH_RATE_LIMIT'),
    )
    .addOption(
      new Option(
        '--cors-origin <origin>',
        'origin whose pages may use the API, such as https://viewer.example.org; may be given again',
      )
        .argParser(collectOrigin)
        .default([], "this server's own alone")
        .env('OSTEOGRAPH_CORS_ORIGIN'),
    )
    .addOption(retentionOption());
  for (const option of webhookOptions()) command.addOption(option);
  return addOidcOptions(command)
    .addHelpText(
      'after',
      `
DATABASE_URL names a PostgreSQL to use instead of the embedded one, QUEUE_URL a Redis to queue and to count quotas in, BLOB_URL
where files are kept if not in the data directory ("osteograph blobs --help"), LOG_LEVEL what is logged,
OTEL_EXPORTER_OTLP_ENDPOINT where traces go, OSTEOGRAPH_METRICS_TOKEN who may read /metrics from elsewhere, OSTEOGRAPH_DICOM_TLS_CERT, _KEY and _CA
the files of TLS with DICOM peers ("osteograph dicom-send --help").
The first start makes a token for the administrator and prints an address that carries it, unless --host lets other machines in:
then logs are read by others too, and "osteograph token create" makes the first one. Ctrl-C ends everything in good
order; generations that are running go on at the next start. A second one ends it at once.

Examples:
  $ osteograph serve                                       everything on this machine, at http://127.0.0.1:4000
  $ osteograph serve --port 0 --data-dir /tmp/try          on any free port, in a directory of its own
  $ DATABASE_URL=postgresql://me@host/osteograph osteograph serve --host 0.0.0.0 --no-worker
  $ osteograph serve --oidc-issuer https://id.example.org/realms/lab --oidc-client-id osteograph --oidc-role-claim groups \\
      --oidc-role-map radiology=READER,lab=OPERATOR,admins=ADMIN`,
    )
    .action(serve);
}

async function serve({
  dataDir,
  host,
  port,
  worker,
  device,
  models,
  rateLimit,
  drainDelay,
  corsOrigin,
  retention,
  ...given
}: Options): Promise<void> {
  const oidc = oidcOf(given);
  const logger = createLogger('serve');
  using stop = stopOnSignal('The server was stopped.', { patienceMs: 1_000 * drainDelay + CLOSE_MS });
  const tracing = await startTracing('osteograph serve');
  const platform = await startPlatform({
    blobs: blobSettings(dataDir),
    databaseUrl: process.env['DATABASE_URL'],
    queueUrl: process.env['QUEUE_URL'],
    host,
    port,
    modelsDir: models,
    rateLimit,
    retention,
    worker: worker ? { device } : undefined,
    purpose: 'osteograph serve',
    metricsToken: process.env['OSTEOGRAPH_METRICS_TOKEN'],
    drainDelay: 1_000 * drainDelay,
    corsOrigins: corsOrigin,
    dicomTls: {
      cert: process.env['OSTEOGRAPH_DICOM_TLS_CERT'],
      key: process.env['OSTEOGRAPH_DICOM_TLS_KEY'],
      ca: process.env['OSTEOGRAPH_DICOM_TLS_CA'],
    },
    oidc,
    webhooks: webhookRulesOf(given),
    logger,
  });
  const { url, firstToken, lacksToken, bundles } = platform;
  for (const { name, state, refusal } of bundles) {
    console.log(state === 'READY' ? `Bundle ${name} is ready.` : `Bundle ${name} cannot be used: ${refusal}`);
  }
  if (bundles.length === 0) console.log(`There are no bundles in ${models}; nothing can be generated.`);
  if (firstToken) {
    console.log(`\nOsteograph is at\n\n    ${url}/?token=${firstToken}\n`);
    console.log(
      "This address carries the administrator's token, which is shown this once. Keep it, or make others with",
    );
    console.log('"osteograph token create".');
  } else if (lacksToken) {
    console.log(`\nOsteograph is at ${url}. There is no token yet; make the administrator's on this machine:\n`);
    console.log('    osteograph token create --name admin --role ADMIN --expires 90d');
  } else {
    console.log(`\nOsteograph is at ${url} (token: the one you have; "osteograph token create" makes another).`);
  }
  let failure: UserError | undefined;
  void platform.gaveUp.then((reason) => stop.now((failure = reason)));
  await stop.asked;
  console.log('Stopping ...');
  await platform.close();
  await tracing.close();
  if (failure) throw failure;
}

function pointsNumber(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= MAX_QUOTA) return Number(text);
  throw new InvalidArgumentError(`--rate-limit must be a whole number from 0 to ${MAX_QUOTA}, got "${text}".`);
}

/** Adds origins; a variable of the environment has several, separated by commas. */
function collectOrigin(text: string, before: string[]): string[] {
  const origins = text.split(',').map((origin) => origin.trim());
  for (const origin of origins) {
    if (!/^https?:/.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new InvalidArgumentError(
        `--cors-origin must be a scheme and a host, such as https://viewer.example.org, got "${origin}".`,
      );
    }
  }
  return [...before, ...origins];
}
