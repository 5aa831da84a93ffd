import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import type { AuditEntry } from '../entities/index.js';
import { auditOf, checkAudit, type ChainHead, exportAudit, parseHead } from '../services/audit/index.js';
import { peopleBehind } from '../services/identity/index.js';
import { AUDIT_LISTING, PAGE_SIZE, readPage } from '../services/paging/index.js';
import { sizeInWords } from '../storage/index.js';
import { withDatabase } from './database.js';
import { writeFileWhole } from './export-file.js';
import { dataDirOption, wholeNumber } from './options.js';
import { counted } from './words.js';

/** `osteograph audit`: who did what, and whether the record of it is as it was written. */
export function auditCommand(): Command {
  const command = new Command('audit')
    .description('list who did what, check that nobody has changed the record of it, and write it to a file')
    .addHelpText(
      'after',
      `
Every row is linked to the one before it by a SHA-256 soon after it has come. "check" finds rows that were changed, removed or put in
between, and ends with code 1. It prints the head of the chain, which the log of "serve" tells every hour: note it elsewhere, and "check --head" finds
out whether the end was cut off or the whole chain was made anew.

Examples:
  $ osteograph audit list --participant 9000001
  $ osteograph audit check
  $ osteograph audit check --head 1234:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
  $ osteograph audit export --out audit.jsonl`,
    );
  command
    .command('list', { isDefault: true })
    .description('print rows, the newest first')
    .option('--limit <n>', `how many, 1 to ${PAGE_SIZE.max}`, wholeNumber('--limit'), PAGE_SIZE.default)
    .option('--action <name>', 'only what was done so, such as generateMri')
    .option('--participant <oai-id>', 'only what is about this participant')
    .option('--json', 'one JSON object per line, for programs')
    .addOption(dataDirOption())
    .action(list);
  command
    .command('check')
    .description('look whether any row was changed, removed or put in between')
    .option('--head <place:digest>', 'a head noted earlier, which the chain must still lead to', parseHead)
    .option('--json', 'the result as JSON')
    .addOption(dataDirOption())
    .action(check);
  command
    .command('export')
    .description('write the chain as lines of JSON that any program can check')
    .option('--out <file>', 'the file; default: standard output')
    .addOption(dataDirOption())
    .action(write);
  return command;
}

interface ListOptions {
  dataDir: string;
  limit: number;
  action?: string;
  participant?: string;
  json?: boolean;
}

async function list({ dataDir, limit, action, participant, json }: ListOptions): Promise<void> {
  await withDatabase(dataDir, 'audit', async ({ dataSource }) => {
    const where = {
      and: [
        ...(action === undefined ? [] : [{ action: { eq: action } }]),
        ...(participant === undefined ? [] : [await auditOf(dataSource, participant)]),
      ],
    };
    const { items } = await readPage(dataSource, AUDIT_LISTING, {
      where: where.and.length > 0 ? where : null,
      first: limit,
    });
    const rows = items.map(({ row }) => row);
    const people = await peopleBehind(
      dataSource,
      rows.flatMap(({ tokenId }) => tokenId ?? []),
    );
    const personOf = ({ tokenId }: AuditEntry) => (tokenId === null ? undefined : people.get(tokenId));
    if (json) for (const row of rows) console.log(JSON.stringify({ ...row, person: personOf(row) ?? null }));
    else if (rows.length === 0) console.log('No row of the audit fits.');
    else for (const row of rows) console.log(inWords(row, personOf(row)));
  });
}

function inWords(
  { seq, at, action, tokenId, target, detail }: AuditEntry,
  person: { name: string; issuer: string; subject: string } | undefined,
): string {
  const token = tokenId === null ? 'the command line' : `token ${tokenId}`;
  const who = person ? `${person.name} (subject ${person.subject} of ${person.issuer})` : token;
  const particulars = Object.keys(detail).length > 0 ? `  ${JSON.stringify(detail)}` : '';
  return `${seq ?? '-'}  ${at.toISOString()}  ${action} by ${who}${target === null ? '' : `  ${target}`}${particulars}`;
}

async function check({ dataDir, head, json }: { dataDir: string; head?: ChainHead; json?: boolean }): Promise<void> {
  await withDatabase(dataDir, 'audit', async ({ dataSource }) => {
    const result = await checkAudit(dataSource, head);
    if (result.faults.length > 0) process.exitCode = 1;
    if (json) return console.log(JSON.stringify(result));
    const { sealed, unsealed, erased, removedThrough, faults } = result;
    console.log(
      [
        `${counted(sealed, 'row')} checked`,
        ...(unsealed > 0 ? [`${unsealed} not sealed yet`] : []),
        ...(erased > 0 ? [`${erased} changed by erasures`] : []),
        ...(removedThrough > 0 ? [`removed by retention up to place ${removedThrough}`] : []),
      ].join(', '),
    );
    for (const fault of faults) console.log(fault);
    if (result.isNotedRemoved)
      console.log(`Place ${head!.seq}, which was noted, was removed by retention and cannot be compared.`);
    if (faults.length === 0) console.log('Nothing was changed, removed or put in between.');
    if (result.head) console.log(`head ${result.head.seq}:${result.head.digest}`);
  });
}

async function write({ dataDir, out }: { dataDir: string; out?: string }): Promise<void> {
  await withDatabase(dataDir, 'audit', async ({ dataSource }) => {
    if (out === undefined) return pipeline(exportAudit(dataSource), process.stdout, { end: false });
    await writeFileWhole(out, exportAudit(dataSource), ({ bytes }) => console.log(`${out}: ${sizeInWords(bytes)}`));
  });
}
