import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { ROLES } from '../domain/roles.js';
import type { Role } from '../domain/roles.js';
import type { ApiToken } from '../entities/index.js';
import { audit, createToken, listTokens, revokeToken } from '../services/access/index.js';
import { readmitPerson } from '../services/identity/index.js';
import { withDatabase } from './database.js';
import { dataDirOption, wholeNumber } from './options.js';

/** `osteograph token`: make, list and revoke the tokens of the API. */
export function tokenCommand(): Command {
  const command = new Command('token').description('make, list and revoke the tokens of the API').addHelpText(
    'after',
    `
Roles: SUMMARY (counts only), ANALYST (records without images), READER (images too), OPERATOR (generate), ADMIN (tokens and everything else).

Examples:
  $ osteograph token create --name notebook --role READER --expires 30d
  $ osteograph token list
  $ osteograph token revoke 3`,
  );
  command
    .command('create')
    .description('make a token and print it; it is not shown again')
    .requiredOption('--name <name>', 'who or what it is for')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).default('READER'))
    .option('--expires <when>', 'days such as 30d, hours such as 12h, or a date such as 2030-01-31', expiry)
    .addOption(dataDirOption())
    .action(create);
  command.command('list').description('list every token ever made').addOption(dataDirOption()).action(list);
  command
    .command('revoke')
    .description('end a token at once')
    .argument('<id>', 'number of the token, from "osteograph token list"', wholeNumber('id'))
    .addOption(dataDirOption())
    .action(revoke);
  command
    .command('readmit')
    .description('let a person in again who was revoked; a token stays revoked')
    .argument('<id>', 'number of the person, from "osteograph token list"', wholeNumber('id'))
    .addOption(dataDirOption())
    .action(readmit);
  return command;
}

async function create(options: { name: string; role: Role; expires?: Date; dataDir: string }): Promise<void> {
  const { name, role, expires } = options;
  await withDatabase(options.dataDir, 'token', async ({ dataSource }) => {
    const { text, token } = await createToken(dataSource, { name, role, expiresAt: expires });
    await audit(dataSource, { tokenId: null, action: 'createToken', target: String(token.id), detail: { name, role } });
    console.log(text);
  });
}

async function list({ dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'token', async ({ dataSource }) => {
    const tokens = await listTokens(dataSource);
    if (tokens.length === 0) console.log('There are no tokens yet; "osteograph token create" makes one.');
    for (const token of tokens) {
      const made = token.createdAt.toISOString().slice(0, 10);
      console.log(
        `${String(token.id).padStart(4)}  ${token.role.padEnd(8)}  ${made}  ${stateOf(token).padEnd(20)}  ${token.name}${token.issuer === null ? '' : ` (subject ${token.subject} of ${token.issuer})`}`,
      );
    }
  });
}

async function revoke(id: number, { dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'token', async ({ dataSource }) => {
    if (id > 2 ** 31 - 1) throw new UserError('NOT_FOUND', 'There is no such token.');
    const token = await revokeToken(dataSource, id);
    await audit(dataSource, { tokenId: null, action: 'revokeToken', target: String(id) });
    console.log(`Revoked ${token.id} (${token.name}).`);
  });
}

async function readmit(id: number, { dataDir }: { dataDir: string }): Promise<void> {
  await withDatabase(dataDir, 'token', async ({ dataSource }) => {
    if (id > 2 ** 31 - 1) throw new UserError('NOT_FOUND', 'There is no such person.');
    const name = await readmitPerson(dataSource, id);
    await audit(dataSource, { tokenId: null, action: 'readmit', target: String(id) });
    console.log(`Readmitted ${id} (${name}).`);
  });
}

function stateOf({ revokedAt, expiresAt }: ApiToken): string {
  if (revokedAt) return `revoked ${revokedAt.toISOString().slice(0, 10)}`;
  if (!expiresAt) return 'does not expire';
  return `${expiresAt.getTime() <= Date.now() ? 'expired' : 'until'} ${expiresAt.toISOString().slice(0, 10)}`;
}

const HOUR_MS = 3_600_000;

function expiry(text: string): Date {
  const span = /^(\d{1,5})([dh])$/.exec(text);
  const time = span
    ? new Date(Date.now() + Number(span[1]) * HOUR_MS * (span[2] === 'd' ? 24 : 1))
    : new Date(/^\d{4}-\d\d-\d\d/.test(text) ? text : NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError(`--expires must look like 30d, 12h or 2030-01-31, got "${text}".`);
}
