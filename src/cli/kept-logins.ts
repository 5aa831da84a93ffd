import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../domain/errors.js';

/** Somebody who has signed in at a server by the command line. */
const LOGIN = z.object({
  /** Origin of the server. */
  server: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  resource: z.string().nullable(),
  accessToken: z.string(),
  refreshToken: z.string().nullable(),
  /** When the access token ends, milliseconds since 1970. */
  endsAt: z.number(),
});

export type Login = z.infer<typeof LOGIN>;

/** Who has signed in, at most once at a server. */
export async function readLogins(): Promise<Login[]> {
  const file = loginsFile();
  try {
    return z.array(LOGIN).parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UserError('UNAVAILABLE', `${file} cannot be read; remove it and sign in again.`, { cause: error });
  }
}

/** Keeps it in place of an earlier one at the same server. */
export async function keepLogin(login: Login): Promise<void> {
  await write([...(await others(login.server)), login]);
}

export async function dropLogin(server: string): Promise<void> {
  await write(await others(server));
}

async function others(server: string): Promise<Login[]> {
  return (await readLogins()).filter((login) => login.server !== server);
}

/** Nobody but its owner may read it, at no moment. */
async function write(logins: readonly Login[]): Promise<void> {
  const file = loginsFile();
  const draft = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(draft, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError('UNAVAILABLE', `${file} cannot be written (${code}).`, { cause: error });
  }
}

function loginsFile(): string {
  const config = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return join(config, 'osteograph', 'logins.json');
}
