import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { freePort } from '../helpers/dicom-process.js';
import { hasProgram } from '../helpers/python.js';

let database: TestDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill();
});

afterAll(() => database.drop());

const section = readFileSync(join(packageRoot, 'docs/operations.md'), 'utf8')
  .split('\n## Webhooks\n')[1]!
  .split('\n## ')[0]!;

/** The only program of the page's section in a language. */
function program(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(section)![1]!;
}

async function osteograph(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['webhooks', ...args], { DATABASE_URL: database.url });
  return code === 0 ? stdout : stderr;
}

/** Starts a receiver of the page. @returns its lines */
async function start(command: string, args: string[], port: number, secret: string): Promise<AsyncIterator<string>> {
  const env = { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret };
  const child = spawn(command, args, { cwd: packageRoot, env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return lines;
    await delay(50);
  }
}

const RECEIVERS: [string, () => [string, string[]]][] = [
  ['js', () => [process.execPath, ['--input-type=module', '--eval', program('js')]]],
  ['python', () => ['python3', ['-c', program('python')]]],
];

test.each(RECEIVERS.filter(([language]) => language === 'js' || hasProgram('python3')))(
  'the receiver of the page in %s takes what is signed, refuses what is not, and tells one message once',
  async (_language, command) => {
    const port = await freePort();
    const allow = ['--webhook-allow-http', '--webhook-allow-host', `127.0.0.1:${port}`];
    const added = await osteograph('add', `http://127.0.0.1:${port}/`, '--event', 'all', ...allow);
    const [, number] = /^Webhook (\d+) is added/.exec(added)!;
    const [secret] = /whsec_\S+/.exec(added)!;
    const lines = await start(...command(), port, secret);

    expect(await osteograph('test', number!, ...allow)).toBe('The receiver has answered 204.\n');
    expect((await lines.next()).value).toBe(`webhook.test ${encodeId('Webhook', Number(number))}`);
    const forged = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
        'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
      },
      body: '{"type":"batch.failed","data":{"id":"x"}}',
    });
    expect(forged.status).toBe(401);

    // Once more with a secret that the receiver does not know yet: the old one is good, too.
    expect(await osteograph('rotate', number!)).toMatch(/^whsec_\S+\n$/);
    expect(await osteograph('test', number!, ...allow)).toBe('The receiver has answered 204.\n');
    expect((await lines.next()).value).toMatch(/^webhook\.test /);
    expect(await osteograph('deliveries', '--webhook', number!)).toMatch(
      /^\d+ {2}to \d+ {2}\S+Z {2}webhook\.test {2}SUCCEEDED {2}answered 204\n\d+ .*\n$/,
    );
    expect(await osteograph('remove', number!)).toBe(`Webhook ${number} is removed.\n`);
  },
);

test('the commands of the page work, and what is wrong is said in a sentence', async () => {
  const commands = program('sh')
    .trim()
    .split('\n')
    .map((line) => line.replace('npm run osteograph -- webhooks ', '').split(' '));
  const said: string[] = [];
  const before = await database.dataSource.query<{ next: number }[]>(
    `SELECT 1 + coalesce(max(last_value), 0)::integer AS next FROM pg_sequences WHERE sequencename = 'webhook_id_seq'`,
  );
  const number = String(before[0]!.next);
  for (const args of commands) said.push(await osteograph(...args.map((arg) => (arg === '1' ? number : arg))));

  expect(said[0]).toMatch(/^Webhook \d+ is added\. Its secret, which is shown this once:\n\nwhsec_\S+\n$/);
  expect(said.slice(1)).toEqual([
    `${number}  https://hooks.example.org/osteograph  enabled  added by the command line  batch.succeeded batch.paused\n`,
    'Nothing was sent.\n',
    expect.stringMatching(/^whsec_\S+\n$/),
    `Webhook ${number} is removed.\n`,
  ]);
  expect(await osteograph('list')).toBe('There is no webhook.\n');
  expect(await osteograph('add', 'http://127.0.0.1/', '--event', 'all')).toMatch(/url must begin with https/);
  expect(await osteograph('add', 'https://a.example/', '--event', 'batch.eaten')).toMatch(/"batch\.eaten" is no event/);
  expect(await osteograph('test', '77')).toBe('osteograph: There is no such webhook.\n');
});
