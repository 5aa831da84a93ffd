import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { isSafeAddress } from '../domain/safe-address.js';
import { createApiClient } from './api-client.js';
import { freshLogin, revoke, signIn } from './device-sign-in.js';
import { dropLogin, keepLogin, type Login, readLogins } from './kept-logins.js';

interface Viewer {
  name: string;
  role: string;
  expiresAt: string | null;
}

/** `osteograph login`: a person signs in at a server. */
export function loginCommand(): Command {
  return new Command('login')
    .description('sign in at a server by its identity provider')
    .addOption(serverOption().makeOptionMandatory())
    .addHelpText(
      'after',
      `
It prints an address and a code: open the address in any browser, on any machine, and sign in there. What comes of it is kept in
~/.config/osteograph/logins.json (below XDG_CONFIG_HOME, where that is set), which nobody but you may read, until "osteograph logout".

Example:
  $ osteograph login --server https://knees.example.org`,
    )
    .action(login);
}

/** `osteograph logout`: forgets it again. */
export function logoutCommand(): Command {
  return new Command('logout')
    .description('sign out of a server')
    .addOption(serverOption())
    .addHelpText('after', `\nExample:\n  $ osteograph logout`)
    .action(logout);
}

/** `osteograph whoami`: as whom the server knows the person, and the token for other programs. */
export function whoamiCommand(): Command {
  return new Command('whoami')
    .description('tell as whom you have signed in, and what you may do')
    .addOption(serverOption())
    .option('--print-token', 'print a token that is good now, for other programs, and nothing else')
    .addHelpText(
      'after',
      `
OSTEOGRAPH_TOKEN is used in place of what "osteograph login" has kept; --server is needed then.

Examples:
  $ osteograph whoami
  $ curl -H "Authorization: Bearer $(osteograph whoami --print-token)" 'https://knees.example.org/exports?format=CSV'`,
    )
    .action(whoami);
}

async function login({ server }: { server: string }): Promise<void> {
  const found = await signIn(server, (address, code) => {
    console.log(`Open\n\n    ${address}\n\nand sign in there; the code is ${code}. Waiting ...`);
  });
  // Somebody whom the server does not let in is told so, and nothing is kept.
  const viewer = await viewerOf(server, found.accessToken);
  await keepLogin(found);
  console.log(inWords(server, viewer));
}

async function logout({ server }: { server?: string }): Promise<void> {
  const found = await loginAt(server);
  await dropLogin(found.server);
  try {
    await revoke(found);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`${error.message} What was kept here is gone; the provider may remember the session until it ends.`);
  }
  console.log(`Signed out of ${found.server}.`);
}

async function whoami({ server, printToken }: { server?: string; printToken?: boolean }): Promise<void> {
  const { server: at, accessToken } = await credentials(server);
  if (printToken) return console.log(accessToken);
  console.log(inWords(at, await viewerOf(at, accessToken)));
}

async function credentials(server: string | undefined): Promise<Pick<Login, 'server' | 'accessToken'>> {
  const given = process.env['OSTEOGRAPH_TOKEN'];
  if (!given) return freshLogin(await loginAt(server));
  if (server === undefined) throw new UserError('BAD_USER_INPUT', 'OSTEOGRAPH_TOKEN needs --server beside it.');
  return { server, accessToken: given };
}

/** The login at a server, or the only one that there is. @throws UserError */
async function loginAt(server: string | undefined): Promise<Login> {
  const logins = await readLogins();
  const fitting = logins.filter((one) => server === undefined || one.server === server);
  if (fitting[0] && fitting.length === 1) return fitting[0];
  if (fitting.length > 1) {
    const servers = fitting.map((one) => one.server).join(', ');
    throw new UserError('BAD_USER_INPUT', `You have signed in at several servers; --server says at which: ${servers}.`);
  }
  throw new UserError(
    'UNAUTHENTICATED',
    `You have not signed in${server === undefined ? '' : ` at ${server}`}; "osteograph login --server URL" does it.`,
  );
}

async function viewerOf(server: string, token: string): Promise<Viewer> {
  const api = createApiClient(server, token);
  try {
    return (await api.request<{ viewer: Viewer }>('{ viewer { name role expiresAt } }')).viewer;
  } finally {
    await api.close();
  }
}

function inWords(server: string, { name, role, expiresAt }: Viewer): string {
  return `${name}, ${role} at ${server}${expiresAt === null ? '' : `; this token ends at ${expiresAt}`}.`;
}

function serverOption(): Option {
  return new Option('--server <url>', 'address of the server').argParser(origin).env('OSTEOGRAPH_SERVER');
}

function origin(text: string): string {
  if (URL.canParse(text) && isSafeAddress(new URL(text))) return new URL(text).origin;
  throw new InvalidArgumentError(`--server must be an https address, or an http one of this machine, got "${text}".`);
}
