import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { compiledModule } from '../../src/domain/package.js';
import { startBrowser } from '../helpers/browser.js';
import { type CommandResult, runCommand } from '../helpers/command.js';
import { startProvider, type TestProvider } from '../helpers/oidc-provider.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let provider: TestProvider;
let api: TestServer;
let browser: Browser;
let page: Page;
let home: string;

beforeAll(async () => {
  provider = await startProvider();
  api = await startTestServer({ oidc: provider.settings() });
  browser = await startBrowser();
  page = await (await browser.newContext()).newPage();
});

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'osteograph-login-'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

afterAll(async () => {
  await browser.close();
  await api.close();
  await provider.close();
});

const command = (args: string[], env: NodeJS.ProcessEnv = {}) => runCommand(args, { XDG_CONFIG_HOME: home, ...env });

const loginsFile = () => join(home, 'osteograph', 'logins.json');

/** Signs in as people do: the command prints an address, and they open it in a browser. */
async function login(subject: string, button = 'Continue'): Promise<CommandResult> {
  const child = spawn(process.execPath, [compiledModule('cli/main'), 'login', '--server', api.url], {
    env: { ...process.env, XDG_CONFIG_HOME: home },
  });
  const result = { code: 0, stdout: '', stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
  const ended = once(child, 'close') as Promise<[number]>;
  const address = Promise.withResolvers<string>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.stdout += text;
    const [found] = /http:\S+/.exec(result.stdout) ?? [];
    if (found) address.resolve(found);
  });
  // Somebody else each time, and nobody who is signed in at the provider already.
  await page.context().clearCookies();
  await page.goto(await Promise.race([address.promise, ended.then(() => Promise.reject(new Error(result.stderr)))]));
  await page.getByRole('button', { name: button }).click();
  if (button === 'Continue') {
    await page.getByPlaceholder('Enter any login').fill(subject);
    await page.getByPlaceholder('and password').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
  }
  const [code] = await ended;
  return { ...result, code };
}

test('a person signs in, is known, is renewed, and signs out', async () => {
  provider.lifetime = 600;
  const signedIn = await login('ada');
  const { mode } = await stat(loginsFile());
  const known = await command(['whoami']);
  const token = (await command(['whoami', '--print-token'])).stdout.trim();
  const asked = await api.ask('{ viewer { name } }', {}, token);

  expect(signedIn).toMatchObject({ code: 0, stdout: expect.stringContaining(`Ada Reader, READER at ${api.url}`) });
  expect(mode & 0o777).toBe(0o600);
  expect(known.stdout).toMatch(new RegExp(`^Ada Reader, READER at ${api.url}; this token ends at \\d{4}-`));
  expect(asked.data).toEqual({ viewer: { name: 'Ada Reader' } });

  const [kept] = JSON.parse(await readFile(loginsFile(), 'utf8')) as [object];
  await writeFile(loginsFile(), JSON.stringify([{ ...kept, endsAt: Date.now() - 1_000 }]));
  const renewed = (await command(['whoami', '--print-token'])).stdout.trim();
  expect(renewed).not.toBe(token);
  expect((await api.ask('{ viewer { name } }', {}, renewed)).data).toEqual({ viewer: { name: 'Ada Reader' } });
  expect((await stat(loginsFile())).mode & 0o777).toBe(0o600);

  const signedOut = await command(['logout']);
  const afterwards = await command(['whoami']);
  expect(signedOut).toMatchObject({ code: 0, stdout: `Signed out of ${api.url}.\n` });
  expect(afterwards).toMatchObject({
    code: 1,
    stderr: 'osteograph: You have not signed in; "osteograph login --server URL" does it.\n',
  });
  // The refresh token that was kept is worth nothing any more.
  await writeFile(loginsFile(), JSON.stringify([{ ...kept, endsAt: Date.now() - 1_000 }]));
  expect((await command(['whoami'])).stderr).toMatch(/^osteograph: Your sign-in at \S+ has ended; "osteograph login /);
});

test('whom the server does not let in is told so, and nothing is kept', async () => {
  const refused = await login('nobody');

  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^osteograph: "No Body" has no role at this server/);
  await expect(stat(loginsFile())).rejects.toThrow('ENOENT');
});

test('who cancels is told so', async () => {
  const canceled = await login('ada', '[ Abort ]');

  expect(canceled).toMatchObject({ code: 1, stderr: 'osteograph: The sign-in was canceled.\n' });
});

test('a token of the server serves in place of a sign-in', async () => {
  const known = await command(['whoami', '--server', api.url], { OSTEOGRAPH_TOKEN: api.tokens.OPERATOR });

  expect(known.stdout).toBe(`operator, OPERATOR at ${api.url}.\n`);
});

test.each<[string, () => string[], RegExp]>([
  [
    'no Osteograph',
    () => ['login', '--server', provider.issuer],
    /cannot say where people sign in|does not answer as an Osteograph/,
  ],
  [
    'no server',
    () => ['login', '--server', 'http://127.0.0.1:9'],
    /http:\/\/127\.0\.0\.1:9 does not answer as an Osteograph does\./,
  ],
  [
    'a line that anybody can read',
    () => ['login', '--server', 'http://knees.example.org'],
    /--server must be an https address/,
  ],
  ['nobody who has signed in', () => ['logout'], /You have not signed in/],
])('%s: one sentence', async (_name, args, sentence) => {
  const { code, stderr } = await command(args());

  expect(code).toBe(1);
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('a server that takes its own tokens alone says so', async () => {
  const other = await startTestServer();
  const { stderr } = await command(['login', '--server', other.url]);
  await other.close();

  expect(stderr).toMatch(/^osteograph: Nobody signs in at \S+: it takes its own tokens alone/);
});
