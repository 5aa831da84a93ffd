import { Command, Option } from 'commander';
import type { DataSource } from 'typeorm';
import { applyRetention, inWords, parseRules, retentionUse, type RetentionRules } from '../services/retention/index.js';
import { sizeInWords } from '../storage/index.js';
import { withDatabase } from './database.js';
import { dataDirOption } from './options.js';
import { stopOnSignal } from './signals.js';
import { counted } from './words.js';

/** How long what is kept, for every command that keeps to it. */
export function retentionOption(): Option {
  return new Option(
    '--retention <rules>',
    'how long events, audit, keys, previews and exports are kept, such as events=90d,audit=2y; "keep" is for ever',
  )
    .argParser(parseRules)
    .default(parseRules(''), 'exports=7d, all else for ever')
    .env('OSTEOGRAPH_RETENTION');
}

/** `osteograph retention`: how long things are kept, how many there are, and what would go. */
export function retentionCommand(): Command {
  const command = new Command('retention')
    .description('show how long things are kept, and remove what was kept long enough')
    .addHelpText(
      'after',
      `
Rules come from --retention or OSTEOGRAPH_RETENTION, which "serve" keeps to every six hours. events are the logs of work that
is over, of which the last line stays; keys the client keys of such work; previews the files of comparisons, which are made
anew when they are asked for; exports the files of exports written from now on. Uploaded radiographs are kept for 30 days.

Examples:
  $ osteograph retention                                          what is kept now
  $ osteograph retention --retention events=90d,audit=2y          what these rules would remove
  $ osteograph retention apply --retention events=90d --dry-run   the same; without --dry-run it is removed`,
    );
  command
    .command('show', { isDefault: true })
    .description('print rule, rows, size and what would go, by table')
    .addOption(retentionOption())
    .addOption(dataDirOption())
    .action(({ dataDir, retention }: Flags) =>
      withDatabase(dataDir, 'retention', ({ dataSource }) => show(dataSource, retention)),
    );
  command
    .command('apply')
    .description('remove what was kept long enough')
    .option('--dry-run', 'only print what would go')
    .addOption(retentionOption())
    .addOption(dataDirOption())
    .action(apply);
  return command;
}

interface Flags {
  dataDir: string;
  retention: RetentionRules;
  dryRun?: boolean;
}

async function show(dataSource: DataSource, rules: RetentionRules): Promise<void> {
  for (const { kind, table, keptMs, rows, bytes, expired } of await retentionUse(dataSource, rules)) {
    const rule = inWords(keptMs).padStart(5);
    console.log(`${kind.padEnd(9)} ${rule}  ${table}: ${rows} rows, ${sizeInWords(bytes)}, ${expired} would go`);
  }
}

async function apply({ dataDir, retention, dryRun = false }: Flags): Promise<void> {
  await withDatabase(dataDir, 'retention', async ({ dataSource }) => {
    if (dryRun) return show(dataSource, retention);
    using stop = stopOnSignal('It was stopped; what it had removed stays removed.');
    const removed = Object.entries(await applyRetention(dataSource, retention, stop.signal));
    for (const [table, rows] of removed) console.log(`${table}: removed ${counted(rows, 'row')}`);
    if (removed.length === 0) console.log('Nothing was kept longer than the rules say.');
  });
}
