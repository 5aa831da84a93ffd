import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** Sends one statement and gives its rows, over whatever connection the caller has. */
type Ask = (text: string, values: unknown[]) => Promise<unknown[]>;

const ROW = z.object({ value: z.string() });

/** The secret of this name, 64 hexadecimal digits, which every process of this database shares. */
export async function sharedSecret(ask: Ask, name: string): Promise<string> {
  // Whoever comes first makes it; everyone reads it back.
  const made = [name, randomBytes(32).toString('hex')];
  await ask('INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', made);
  const [row] = await ask('SELECT value FROM secret WHERE name = $1', [name]);
  return ROW.parse(row).value;
}

/** What tells this installation from others that use the same Redis, 12 hexadecimal digits. */
export async function installationId(ask: Ask): Promise<string> {
  return (await sharedSecret(ask, 'installation')).slice(0, 12);
}
