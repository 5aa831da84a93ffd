import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { encodeId } from '../domain/global-ids.js';
import { eventOfType, messageType, WEBHOOK_EVENTS, type WebhookEvent } from '../domain/webhooks.js';
import { Webhook, type WebhookDelivery } from '../entities/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import { KINDS } from '../server/kinds.js';
import { createLogger } from '../server/logging.js';
import { webhookPost } from '../server/webhook-post.js';
import { readPage } from '../services/paging/index.js';
import {
  createWebhook,
  deleteWebhook,
  DELIVERY_LISTING,
  DELIVERY_TIMINGS,
  findDelivery,
  redeliverWebhook,
  rotateWebhookSecret,
  testWebhook,
  WEBHOOK_DELIVERY,
} from '../services/webhooks/index.js';
import { attemptWork, Leases } from '../work/index.js';
import { withDatabase } from './database.js';
import { dataDirOption, wholeNumber } from './options.js';
import { stopOnSignal } from './signals.js';
import { type WebhookChoice, webhookOptions, webhookRulesOf } from './webhook-options.js';

interface DataDir {
  dataDir: string;
}

/** How often what becomes of a test is looked at, ms. */
const LOOK_MS = 100;

/** `osteograph webhooks`: who is told how work ends. */
export function webhooksCommand(): Command {
  const command = new Command('webhooks')
    .description('list, add and remove addresses that are told how work ends, and see what they were told')
    .addHelpText(
      'after',
      `
Events: ${WEBHOOK_EVENTS.map(messageType).join(', ')}.
A running "osteograph serve" sends the messages, signed as Standard Webhooks have it, until the receiver has taken them, for 24 hours. A
webhook that is added here is told of everybody's work. Addresses have https and are public, unless --webhook-allow-http and
--webhook-allow-host say otherwise, here and to "osteograph serve".

Examples:
  $ osteograph webhooks add https://hooks.example.org/osteograph --event batch.succeeded --event batch.paused
  $ osteograph webhooks add https://hooks.example.org/osteograph --event all --description "night shift"
  $ osteograph webhooks test 1
  $ osteograph webhooks deliveries --webhook 1
  $ osteograph webhooks redeliver 12
  $ osteograph webhooks rotate 1`,
    );
  command
    .command('list', { isDefault: true })
    .description('the webhooks, with their numbers')
    .addOption(dataDirOption())
    .option('--json', 'one JSON object per line, for programs')
    .action(list);
  const add = command
    .command('add')
    .description('have an address told; its secret is shown this once')
    .argument('<url>', 'where messages are sent')
    .addOption(dataDirOption())
    .addOption(
      new Option('--event <event>', 'event to send, or "all"; may be given several times')
        .argParser(collectEvents)
        .makeOptionMandatory(),
    )
    .option('--description <text>', 'what it is for', '');
  for (const option of webhookOptions()) add.addOption(option);
  add.action(addOne);
  command
    .command('remove')
    .description('remove a webhook, and the list of what was sent to it')
    .argument('<number>', 'as "osteograph webhooks list" shows it', wholeNumber('number'))
    .addOption(dataDirOption())
    .action(async (id: number, { dataDir }: DataDir) => {
      await withDatabase(dataDir, 'webhooks', async ({ dataSource }) => {
        await deleteWebhook(dataSource, COMMAND_LINE, id);
        console.log(`Webhook ${id} is removed.`);
      });
    });
  command
    .command('rotate')
    .description('give a webhook a new secret; the old one is good for 24 hours more')
    .argument('<number>', 'as "osteograph webhooks list" shows it', wholeNumber('number'))
    .addOption(dataDirOption())
    .action(async (id: number, { dataDir }: DataDir) => {
      await withDatabase(dataDir, 'webhooks', async ({ dataSource }) => {
        console.log((await rotateWebhookSecret(dataSource, COMMAND_LINE, id)).secret);
      });
    });
  command
    .command('deliveries')
    .description('what was sent, the newest first')
    .addOption(dataDirOption())
    .option('--webhook <number>', 'only to this webhook', wholeNumber('--webhook'))
    .option('--limit <number>', 'at most so many, 1 to 200', wholeNumber('--limit'), 50)
    .option('--json', 'one JSON object per line, for programs')
    .action(deliveries);
  command
    .command('redeliver')
    .description('send a message again, under the same id')
    .argument('<number>', 'as "osteograph webhooks deliveries" shows it', wholeNumber('number'))
    .addOption(dataDirOption())
    .action(async (id: number, { dataDir }: DataDir) => {
      await withDatabase(dataDir, 'webhooks', async ({ dataSource }) => {
        await redeliverWebhook(dataSource, COMMAND_LINE, id);
        console.log(`Delivery ${id} waits for "osteograph serve" to send it.`);
      });
    });
  const test = command
    .command('test')
    .description('send a message that tells of nothing, once, and say what the receiver answers')
    .argument('<number>', 'as "osteograph webhooks list" shows it', wholeNumber('number'))
    .addOption(dataDirOption());
  for (const option of webhookOptions()) test.addOption(option);
  test.action(testOne);
  return command;
}

async function list({ dataDir, json }: DataDir & { json?: boolean }): Promise<void> {
  await withDatabase(dataDir, 'webhooks', async ({ dataSource }) => {
    const rows = await dataSource.getRepository(Webhook).find({ relations: { owner: true }, order: { id: 'ASC' } });
    if (json) {
      for (const row of rows) console.log(JSON.stringify(plain(row)));
    } else if (rows.length === 0) console.log('There is no webhook.');
    else for (const row of rows) console.log(inWords(row));
  });
}

interface AddOptions extends DataDir, WebhookChoice {
  event: WebhookEvent[];
  description: string;
}

async function addOne(url: string, { dataDir, event, description, ...choice }: AddOptions): Promise<void> {
  await withDatabase(dataDir, 'webhooks', async ({ dataSource }) => {
    const settings = { url, events: event, description, everybodys: true };
    const { webhook, secret } = await createWebhook(dataSource, COMMAND_LINE, settings, webhookRulesOf(choice));
    console.log(`Webhook ${webhook.id} is added. Its secret, which is shown this once:\n\n${secret}`);
  });
}

interface DeliveriesOptions extends DataDir {
  webhook?: number;
  limit: number;
  json?: boolean;
}

async function deliveries({ dataDir, webhook, limit, json }: DeliveriesOptions): Promise<void> {
  await withDatabase(dataDir, 'webhooks', async ({ dataSource }) => {
    const where = webhook === undefined ? null : { webhook: { eq: encodeId('Webhook', webhook) } };
    const { items } = await readPage(dataSource, DELIVERY_LISTING, { where, first: limit });
    for (const { row } of items) console.log(json ? JSON.stringify(plainDelivery(row)) : deliveryInWords(row));
    if (items.length === 0 && !json) console.log('Nothing was sent.');
  });
}

async function testOne(id: number, { dataDir, ...choice }: DataDir & WebhookChoice): Promise<void> {
  await withDatabase(dataDir, 'webhooks', async ({ dataSource }) => {
    using stop = stopOnSignal('The test was stopped.');
    const asked = await testWebhook(dataSource, COMMAND_LINE, id);
    const resources = { post: webhookPost(webhookRulesOf(choice)), away: new Map() };
    const logger = createLogger('webhooks');
    const shared = { registry: KINDS, dataSource, logger, timings: DELIVERY_TIMINGS, leases: new Leases() };
    // This message alone: what else waits goes by the rules of the server.
    await attemptWork({ ...shared, kind: WEBHOOK_DELIVERY, resources }, asked.id);
    for (;;) {
      const now = await findDelivery(dataSource, COMMAND_LINE, asked.id);
      if (WEBHOOK_DELIVERY.final.includes(now.state)) {
        if (now.state === 'SUCCEEDED') return console.log(`The receiver has answered ${now.responseStatus}.`);
        throw new UserError('CONFLICT', now.error ?? `The test is ${now.state}.`);
      }
      // A server has taken it first.
      await delay(LOOK_MS, undefined, { signal: stop.signal });
    }
  });
}

function collectEvents(text: string, before: WebhookEvent[] = []): WebhookEvent[] {
  if (text === 'all') return [...WEBHOOK_EVENTS];
  const event = eventOfType(text);
  if (event) return [...before, event];
  throw new UserError(
    'BAD_USER_INPUT',
    `${JSON.stringify(text)} is no event; "osteograph webhooks --help" lists them.`,
  );
}

function plain({ id, url, description, events, everybodys, disabledAt, disabledReason, failingSince, owner }: Webhook) {
  const types = events.map(messageType);
  const enabled = disabledAt === null;
  return {
    id,
    url,
    description,
    events: types,
    everybodys,
    enabled,
    disabledReason,
    failingSince,
    owner: owner?.name ?? null,
  };
}

function inWords(row: Webhook): string {
  const { id, url, events, description, owner, enabled, disabledReason, failingSince } = plain(row);
  const whose = `added by ${owner ?? 'the command line'}`;
  const state = enabled ? (failingSince ? `failing since ${failingSince.toISOString()}` : 'enabled') : disabledReason;
  return [String(id), url, state, whose, ...(description ? [description] : []), events.join(' ')].join('  ');
}

function plainDelivery(row: WebhookDelivery) {
  const { id, webhookId, event, state, attempt, responseStatus, happenedAt, error, waitingReason, notBefore } = row;
  const reason = error ?? waitingReason;
  return {
    id,
    webhook: webhookId,
    type: messageType(event),
    state,
    attempts: attempt,
    responseStatus,
    happenedAt,
    reason,
    notBefore,
  };
}

function deliveryInWords(row: WebhookDelivery): string {
  const { id, webhook, type, state, responseStatus, happenedAt, reason } = plainDelivery(row);
  const answer = responseStatus === null ? [] : [`answered ${responseStatus}`];
  const parts = [id, `to ${webhook}`, happenedAt.toISOString(), type, state, ...answer, ...(reason ? [reason] : [])];
  return parts.join('  ');
}
