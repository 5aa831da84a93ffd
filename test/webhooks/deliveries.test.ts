import { Ajv2020 } from 'ajv/dist/2020.js';
import { Webhook as Verifier } from 'standardwebhooks';
import { decodeId, encodeId } from '../../src/domain/global-ids.js';
import {
  type Batch,
  type Bundle,
  Generation,
  type KneeExam,
  type Radiograph,
  Webhook,
  WebhookDelivery,
} from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createToken, revokeToken } from '../../src/services/access/tokens.js';
import { advanceBatch, lockBatch } from '../../src/services/batches/transitions.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { GENERATION } from '../../src/services/generations/index.js';
import { applyRetention, DEFAULT_RULES } from '../../src/services/retention/index.js';
import { createWebhook, testWebhook, WEBHOOK_DELIVERY } from '../../src/services/webhooks/index.js';
import { advance, type EventLogs, logOf, type LogRow, openEventLogs } from '../../src/work/index.js';
import { silent } from '../helpers/platform.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { type ReceivedMessage, startWebhookReceiver, type WebhookReceiver } from '../helpers/webhook-receiver.js';
import { stateOf } from '../helpers/work-rows.js';

let api: TestServer;
/** What each receiver answers is decided by its test. */
let receiver: WebhookReceiver;
let other: WebhookReceiver;
let answer: number;
let logs: { logs: { deliveries: EventLogs<LogRow> }; close(): Promise<void> };
let exam: KneeExam;
let film: Radiograph;
let bundle: Bundle;
let ids: Record<'operator' | 'admin', number>;

beforeAll(async () => {
  receiver = await startWebhookReceiver(
    (_, response) => void response.writeHead(answer, { location: other.url }).end(),
  );
  other = await startWebhookReceiver();
  const webhooks = { allowHttp: true, allowHosts: [receiver.host, other.host] };
  api = await startTestServer({ webhooks });
  const sources = { deliveries: logOf(api.dataSource, WEBHOOK_DELIVERY, (_, row) => row) };
  logs = await openEventLogs({ databaseUrl: api.databaseUrl, logger: silent, sources });
  bundle = await api.make.bundle();
  const visit = await api.make.visit(await api.make.participant());
  exam = await api.make.exam(visit);
  film = await api.make.radiograph(visit);
  const tokens = await api.dataSource.query<{ id: number; name: 'operator' | 'admin' }[]>(
    'SELECT id, name FROM api_token',
  );
  ids = Object.fromEntries(tokens.map(({ id, name }) => [name, id])) as typeof ids;
});

beforeEach(async () => {
  answer = 204;
  receiver.received.splice(0);
  other.received.splice(0);
  await api.dataSource.query('DELETE FROM webhook');
});

afterAll(async () => {
  await logs.close();
  await api.close();
  await receiver.close();
  await other.close();
});

/** What the API says of the messages that it sends. */
interface OpenApi {
  webhooks: Record<string, { post: { requestBody: { content: { 'application/json': { schema: object } } } } }>;
}

interface Made {
  webhook: { id: string };
  secret: string;
}

async function create(input: object = {}, token = api.tokens.OPERATOR): Promise<Made> {
  const wished = { url: receiver.url, events: ['GENERATION_CANCELED', 'BATCH_PAUSED'], ...input };
  const { data, errors } = await api.ask<{ createWebhook: Made }>(
    'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { secret webhook { id } } }',
    { input: wished },
    token,
  );
  expect(errors).toBeUndefined();
  return data!.createWebhook;
}

/** A generation of a token that is canceled while it waits. */
async function cancelOne(requestedById = ids.operator, knee = exam): Promise<Generation> {
  const row = await api.make.generation(knee, film, bundle, { requestedById, state: 'QUEUED' });
  const token = requestedById === ids.operator ? api.tokens.OPERATOR : api.tokens.ADMIN;
  const { errors } = await api.ask(
    'mutation ($id: ID!) { cancelGeneration(input: { id: $id }) { generation { state } } }',
    { id: encodeId('Generation', row.id) },
    token,
  );
  expect(errors).toBeUndefined();
  return row;
}

const FIELDS = `id state event messageId subjectId attempts responseStatus error waitingReason webhook { id enabled disabledReason failingSince }`;

interface Delivery {
  id: string;
  state: string;
  messageId: string;
  [field: string]: unknown;
}

async function deliveriesOf({ webhook }: Made): Promise<Delivery[]> {
  const { data } = await api.ask<{ webhookDeliveries: { nodes: Delivery[] } }>(
    `query ($id: ID!) { webhookDeliveries(where: { webhook: { eq: $id } }, first: 50) { nodes { ${FIELDS} } } }`,
    { id: webhook.id },
  );
  return data!.webhookDeliveries.nodes;
}

const keyOf = ({ id }: { id: string }) => Buffer.from(id, 'base64url').toString().split(':')[1]!;

/** Waits until the newest delivery of a webhook is in one of these states, for the nth time. */
async function until(made: Made, state: string, times = 1): Promise<Delivery> {
  const [newest] = await deliveriesOf(made);
  let seen = 0;
  for await (const line of logs.logs.deliveries.subscribe(keyOf(newest!), 0)) {
    if (line.seq === 1) continue;
    const now = stateOf(line)!;
    if (now === state && ++seen === times) break;
    // It is over, and not as it should be.
    if (now !== state && WEBHOOK_DELIVERY.final.includes(now as never)) break;
  }
  return (await deliveriesOf(made))[0]!;
}

async function redeliver(delivery: Delivery, token = api.tokens.OPERATOR) {
  return api.ask(
    'mutation ($id: ID!) { redeliverWebhook(input: { id: $id }) { delivery { state } } }',
    { id: delivery.id },
    token,
  );
}

/** What a receiver that knows the secret makes of a message. @throws where the signature is not good, or the message old */
function verified(secret: string, { headers, body }: ReceivedMessage): unknown {
  return new Verifier(secret).verify(body, headers as Record<string, string>);
}

test('what happens to work is told, signed, with ids and states alone', async () => {
  const made = await create();
  const generation = await cancelOne();
  const delivery = await until(made, 'SUCCEEDED');

  expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const [message] = receiver.received;
  const { webhooks } = (await (await fetch(`${api.url}/openapi.json`)).json()) as OpenApi;
  const { schema } = webhooks['generation.canceled']!.post.requestBody.content['application/json'];
  expect(new Ajv2020({ strict: false }).validate(schema, JSON.parse(message!.body))).toBe(true);
  const { id, happenedAt } = await api.dataSource
    .getRepository(WebhookDelivery)
    .findOneByOrFail({ id: Number(keyOf(delivery)) });
  expect(verified(made.secret, message!)).toEqual({
    type: 'generation.canceled',
    timestamp: happenedAt.toISOString(),
    data: { id: encodeId('Generation', generation.id), kind: 'generation', state: 'CANCELED' },
  });
  expect(message!.headers).toMatchObject({ 'webhook-id': delivery.messageId, 'content-type': 'application/json' });
  expect(delivery).toMatchObject({
    id: encodeId('WebhookDelivery', id),
    state: 'SUCCEEDED',
    event: 'GENERATION_CANCELED',
    subjectId: encodeId('Generation', generation.id),
    attempts: 1,
    responseStatus: 204,
    error: null,
  });
});

test('a message that was changed on its way, or signed with another secret, or is old, is not good', async () => {
  const made = await create();
  await cancelOne();
  await until(made, 'SUCCEEDED');
  const [message] = receiver.received;
  const { headers, body } = message!;

  expect(() => verified(made.secret, { headers, body: body.replace('CANCELED', 'SUCCEEDED') })).toThrow();
  expect(() => verified(made.secret, { headers: { ...headers, 'webhook-id': 'msg_other' }, body })).toThrow();
  expect(() => verified(`whsec_${Buffer.alloc(32).toString('base64')}`, message!)).toThrow();
  const before = String(Number(headers['webhook-timestamp']) - 3_600);
  expect(() => verified(made.secret, { headers: { ...headers, 'webhook-timestamp': before }, body })).toThrow();
});

test('a message that is sent again hours later has its id and body, and a time of its own', async () => {
  const made = await create();
  await cancelOne();
  const delivery = await until(made, 'SUCCEEDED');
  await api.dataSource.query(`UPDATE webhook_delivery SET happened_at = happened_at - interval '5 hours'`);
  await redeliver(delivery);
  await until(made, 'SUCCEEDED', 2);
  await redeliver(delivery);
  await until(made, 'SUCCEEDED', 3);

  const [, again, once] = receiver.received;
  expect(again!.headers['webhook-id']).toBe(delivery.messageId);
  expect(once!.headers['webhook-id']).toBe(delivery.messageId);
  expect(once!.body).toBe(again!.body);
  // The receiver's clock would refuse a time of five hours ago.
  expect(verified(made.secret, again!)).toMatchObject({ type: 'generation.canceled' });
});

test('a batch tells of its pause with its counters', async () => {
  const made = await create();
  const batch: Batch = await api.make.batch(bundle, { requestedById: ids.operator, state: 'RUNNING' });
  await api.dataSource.transaction(async (manager) => {
    const locked = (await lockBatch(manager, batch.id))!;
    await advanceBatch(manager, locked, { to: 'PAUSED', counted: { waiting: 2, failed: 5 } });
  });
  await until(made, 'SUCCEEDED');

  expect(verified(made.secret, receiver.received[0]!)).toMatchObject({
    type: 'batch.paused',
    data: {
      id: encodeId('Batch', batch.id),
      kind: 'batch',
      state: 'PAUSED',
      waiting: 2,
      running: 0,
      succeeded: 0,
      reused: 0,
      failed: 5,
      canceled: 0,
      impossible: 0,
    },
  });
});

test('an export tells of its end, and only who subscribed to it is told', async () => {
  const made = await create({ events: ['EXPORT_SUCCEEDED'] });
  const deaf = await create({ events: ['EXPORT_FAILED'] });
  await api.ask('mutation { exportCohort(input: { format: CSV }) { export { id } } }', {}, api.tokens.OPERATOR);
  await receiver.until(1);

  expect(verified(made.secret, receiver.received[0]!)).toMatchObject({
    type: 'export.succeeded',
    data: { kind: 'export', state: 'SUCCEEDED' },
  });
  expect(await deliveriesOf(deaf)).toEqual([]);
});

test("a webhook is told of its owner's work, and an administrator's of everybody's where it was made for that", async () => {
  const own = await create();
  const admins = await create({}, api.tokens.ADMIN);
  const all = await create({ everybodys: true, url: other.url }, api.tokens.ADMIN);
  await cancelOne(ids.operator);

  expect(await deliveriesOf(own)).toHaveLength(1);
  expect(await deliveriesOf(admins)).toEqual([]);
  expect(await deliveriesOf(all)).toHaveLength(1);
  const { errors } = await api.ask(
    'mutation { createWebhook(input: { url: "https://a.example/", events: [BATCH_FAILED], everybodys: true }) { secret } }',
    {},
    api.tokens.OPERATOR,
  );
  expect(errors).toMatchObject([
    { message: "Only an administrator's webhook is told of everybody's work.", extensions: { code: 'FORBIDDEN' } },
  ]);
});

test("somebody else's webhook is not found, its deliveries neither", async () => {
  const made = await create();
  await cancelOne();
  const delivery = await until(made, 'SUCCEEDED');
  const { text: stranger } = await createToken(api.dataSource, { name: 'stranger', role: 'OPERATOR' });

  for (const [name, id, selection] of [
    ['updateWebhook', made.webhook.id, 'webhook { id }'],
    ['rotateWebhookSecret', made.webhook.id, 'secret'],
    ['deleteWebhook', made.webhook.id, 'deletedWebhookId'],
    ['testWebhook', made.webhook.id, 'delivery { id }'],
    ['redeliverWebhook', delivery.id, 'delivery { id }'],
  ]) {
    const { errors } = await api.ask(`mutation { ${name}(input: { id: "${id}" }) { ${selection} } }`, {}, stranger);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['NOT_FOUND']);
  }
  const list = '{ webhooks { totalCount nodes { id } } webhookDeliveries { totalCount } nodes(ids: [$a, $b]) { id } }';
  const asked = list.replace('$a', `"${made.webhook.id}"`).replace('$b', `"${delivery.id}"`);
  expect((await api.ask(asked, {}, stranger)).data).toEqual({
    webhooks: { totalCount: 0, nodes: [] },
    webhookDeliveries: { totalCount: 0 },
    nodes: [null, null],
  });
  expect((await api.ask(asked, {}, api.tokens.OPERATOR)).data).toEqual({
    webhooks: { totalCount: 1, nodes: [{ id: made.webhook.id }] },
    webhookDeliveries: { totalCount: 1 },
    nodes: [{ id: made.webhook.id }, { id: delivery.id }],
  });
});

test('a webhook whose owner has lost the token is told no more', async () => {
  const { text, token } = await createToken(api.dataSource, { name: 'leaver', role: 'OPERATOR' });
  const made = await create({}, text);
  const row = await api.make.generation(exam, film, bundle, { requestedById: token.id, state: 'QUEUED' });
  await revokeToken(api.dataSource, token.id);
  await advance(api.dataSource.manager, GENERATION, { id: row.id, state: 'QUEUED', attempt: 0 }, { to: 'CANCELED' });

  expect(await deliveriesOf(made)).toEqual([]);
});

test('a person who signs in at a provider is told of what ends after their last token, until they are revoked here', async () => {
  const { text, token } = await createToken(api.dataSource, { name: 'person', role: 'OPERATOR' });
  const made = await create({}, text);
  await api.dataSource.query(
    `UPDATE api_token SET hash = NULL, issuer = 'https://id.example.org', subject = 'p', expires_at = now() - interval '1 hour' WHERE id = $1`,
    [token.id],
  );
  await cancelOne(token.id);
  await until(made, 'SUCCEEDED');
  await revokeToken(api.dataSource, token.id);
  await cancelOne(token.id);
  expect(await deliveriesOf(made)).toHaveLength(1);
});

test('who is no administrator any more is told of their own work alone, and can disable what they made', async () => {
  const { text, token } = await createToken(api.dataSource, { name: 'former', role: 'ADMIN' });
  const made = await create({ everybodys: true }, text);
  await api.dataSource.query(`UPDATE api_token SET role = 'OPERATOR' WHERE id = $1`, [token.id]);
  await cancelOne(ids.operator);
  expect(await deliveriesOf(made)).toEqual([]);
  await cancelOne(token.id);
  expect(await deliveriesOf(made)).toHaveLength(1);
  const disable = 'mutation ($id: ID!) { updateWebhook(input: { id: $id, enabled: false }) { webhook { enabled } } }';
  await until(made, 'SUCCEEDED');
  const { data, errors } = await api.ask(disable, { id: made.webhook.id }, text);
  expect(errors).toBeUndefined();
  expect(data).toEqual({ updateWebhook: { webhook: { enabled: false } } });
});

test('a webhook that is being deleted holds up no change, and undoes none', async () => {
  const made = await create();
  const runner = api.dataSource.createQueryRunner();
  await runner.connect();
  await runner.startTransaction();
  try {
    await runner.query('DELETE FROM webhook WHERE id = $1', [decodeId(made.webhook.id)!.key]);
    await cancelOne(ids.operator);
    await runner.commitTransaction();
  } finally {
    await runner.release();
  }
  expect(receiver.received).toEqual([]);
});

test('after a change of the secret both are good for 24 hours, then the new one alone', async () => {
  const made = await create();
  const { data } = await api.ask<{ rotateWebhookSecret: Made }>(
    'mutation ($id: ID!) { rotateWebhookSecret(input: { id: $id }) { secret webhook { id previousSecretUntil } } }',
    { id: made.webhook.id },
    api.tokens.OPERATOR,
  );
  const { secret } = data!.rotateWebhookSecret;
  await cancelOne();
  await until(made, 'SUCCEEDED');
  expect(verified(made.secret, receiver.received[0]!)).toEqual(verified(secret, receiver.received[0]!));

  await api.dataSource.query(`UPDATE webhook SET previous_secret_until = now()`);
  await cancelOne();
  await until(made, 'SUCCEEDED');
  expect(() => verified(made.secret, receiver.received[1]!)).toThrow();
  expect(verified(secret, receiver.received[1]!)).toMatchObject({ type: 'generation.canceled' });
});

test('a message that was not taken is sent again by itself, and counts as no attempt', async () => {
  answer = 503;
  const made = await create();
  await cancelOne();
  await receiver.until(1);
  expect(await until(made, 'QUEUED')).toMatchObject({
    state: 'QUEUED',
    waitingReason: 'The receiver answered 503.',
    responseStatus: 503,
    webhook: { enabled: true, failingSince: expect.any(String) },
  });
  answer = 200;
  const delivery = await until(made, 'SUCCEEDED');

  expect(delivery).toMatchObject({ responseStatus: 200, webhook: { failingSince: null } });
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([
    delivery.messageId,
    delivery.messageId,
  ]);
  const row = await api.dataSource.getRepository(WebhookDelivery).findOneByOrFail({ id: Number(keyOf(delivery)) });
  expect(row.attemptLimit - row.attempt).toBe(4);
});

test('a receiver that redirects is not followed', async () => {
  answer = 302;
  const made = await create();
  await testWebhook(api.dataSource, COMMAND_LINE, Number(keyOf(made.webhook)));

  expect(await until(made, 'FAILED')).toMatchObject({
    event: 'WEBHOOK_TEST',
    error: 'The receiver answered 302; redirects are not followed.',
    attempts: 1,
  });
  expect(other.received).toEqual([]);
});

test('after 24 hours a message is given up', async () => {
  answer = 500;
  const made = await create();
  await cancelOne();
  await until(made, 'QUEUED');
  await api.dataSource.query(`UPDATE webhook_delivery SET started_at = now() - interval '24 hours'`);

  expect(await until(made, 'FAILED')).toMatchObject({
    error: 'The receiver answered 500. It was given up after 24 hours.',
    webhook: { enabled: true },
  });
});

test('who answers 410 is told no more; what waits is canceled, and can be asked for once it is enabled again', async () => {
  answer = 500;
  const made = await create();
  await cancelOne();
  const waiting = await until(made, 'QUEUED');
  // Or its own next try, five seconds later, could be the one that hears 410.
  await api.dataSource.query(
    `UPDATE webhook_delivery SET not_before = now() + interval '1 hour' WHERE state = 'QUEUED'`,
  );
  answer = 410;
  await cancelOne();
  await until(made, 'FAILED');

  const gone = 'The receiver has answered 410: it wants no more messages.';
  const [last, first] = await deliveriesOf(made);
  expect(last).toMatchObject({ error: gone, webhook: { enabled: false, disabledReason: gone } });
  expect(first!.state).toBe('CANCELED');
  await cancelOne();
  expect(await deliveriesOf(made)).toHaveLength(2);
  expect((await redeliver(waiting)).errors).toMatchObject([
    { message: `The webhook is disabled; enable it first. ${gone}`, extensions: { code: 'CONFLICT' } },
  ]);

  answer = 204;
  const { errors } = await api.ask(
    'mutation ($id: ID!) { updateWebhook(input: { id: $id, enabled: true }) { webhook { enabled } } }',
    { id: made.webhook.id },
    api.tokens.OPERATOR,
  );
  expect(errors).toBeUndefined();
  await redeliver(last!);
  expect(await until(made, 'SUCCEEDED')).toMatchObject({ messageId: last!.messageId });
});

test('a webhook that nothing has reached for five days is disabled, and says so', async () => {
  answer = 500;
  const made = await create();
  await api.dataSource.query(`UPDATE webhook SET failing_since = now() - interval '5 days'`);
  await cancelOne();
  const delivery = await until(made, 'FAILED');

  const reason = 'Nothing has reached the receiver for 5 days. The receiver answered 500.';
  expect(delivery).toMatchObject({ error: reason, webhook: { enabled: false, disabledReason: reason } });
  await api.logged({ msg: 'a webhook is disabled', reason });
});

test('a change that is taken back has told nobody, and one that stays has, in the same transaction', async () => {
  const made = await create();
  const row = await api.make.generation(exam, film, bundle, { requestedById: ids.operator, state: 'QUEUED' });
  const seen = { id: row.id, state: 'QUEUED', attempt: 0 } as const;
  const crossed = api.dataSource.transaction(async (manager) => {
    await advance(manager, GENERATION, seen, { to: 'CANCELED' });
    expect(await manager.countBy(WebhookDelivery, { generationId: row.id })).toBe(1);
    throw new Error('taken back');
  });
  await expect(crossed).rejects.toThrow('taken back');

  expect(await deliveriesOf(made)).toEqual([]);
  await advance(api.dataSource.manager, GENERATION, seen, { to: 'CANCELED' });
  expect(await deliveriesOf(made)).toHaveLength(1);
});

test('an address inside, a wrong one, and one webhook too many are refused', async () => {
  const ask = async (url: string) => {
    const { errors } = await api.ask(
      'mutation ($url: String!) { createWebhook(input: { url: $url, events: [BATCH_FAILED] }) { secret } }',
      { url },
      api.tokens.OPERATOR,
    );
    return errors?.[0]?.extensions.code;
  };
  expect(await ask('http://169.254.169.254/latest/meta-data')).toBe('CONFLICT');
  expect(await ask('https://hooks.example.org:5432/')).toBe('BAD_USER_INPUT');
  for (let count = 0; count < 20; count++) expect(await ask('https://hooks.example.org/')).toBeUndefined();
  expect(await ask('https://hooks.example.org/')).toBe('LIMIT_EXCEEDED');
});

test('the audit knows who made a webhook, and neither its secret nor its path', async () => {
  const { webhook, secret } = await createWebhook(
    api.dataSource,
    COMMAND_LINE,
    { url: 'https://hooks.example.org/T0/hidden', events: ['BATCH_FAILED'], everybodys: true },
    { allowHttp: false, allowHosts: [] },
  );
  const rows = await api.dataSource.query<{ detail: object }[]>(
    `SELECT detail FROM audit_entry WHERE action = 'createWebhook' AND target = $1`,
    [String(webhook.id)],
  );
  expect(rows).toEqual([
    { detail: { origin: 'https://hooks.example.org', events: ['BATCH_FAILED'], everybodys: true } },
  ]);
  expect(JSON.stringify(await api.dataSource.query('SELECT * FROM audit_entry'))).not.toContain(secret);
});

test('a deleted generation is still told of, an erasure takes its messages, and retention the old ones', async () => {
  const made = await create();
  const person = await api.make.participant();
  const visit = await api.make.visit(person);
  const knee = await api.make.exam(visit);
  const deleted = await cancelOne(ids.operator, knee);
  await api.dataSource.manager.delete(Generation, { id: deleted.id });
  const kept = await cancelOne(ids.operator);
  const gone = await cancelOne(ids.operator, knee);
  await receiver.until(3);
  await until(made, 'SUCCEEDED');
  const { manager } = api.dataSource;
  expect(await manager.countBy(WebhookDelivery, { generationId: deleted.id })).toBe(1);

  const certificate = await eraseParticipant(api, COMMAND_LINE, { oaiId: person.oaiId });
  expect(certificate).toMatchObject({
    removed: expect.arrayContaining([{ table: 'webhook_delivery', rows: 1 }]) as unknown,
  });
  expect(await manager.countBy(WebhookDelivery, { generationId: gone.id })).toBe(0);
  expect(await manager.countBy(WebhookDelivery, { generationId: kept.id })).toBe(1);

  await api.dataSource.query(`UPDATE webhook_delivery SET finished_at = now() - interval '91 days'`);
  await applyRetention(api.dataSource, { ...DEFAULT_RULES, events: 90 * 24 * 3_600_000 });
  expect(await manager.countBy(WebhookDelivery, { webhookId: Number(keyOf(made.webhook)) })).toBe(0);
  expect(await manager.countBy(Webhook, {})).toBe(1);
});
