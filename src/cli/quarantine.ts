import { Command } from 'commander';
import { UserError } from '../domain/errors.js';
import type { QuarantinedImage } from '../entities/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import { listQuarantine, resolveQuarantined } from '../services/imports/index.js';
import { withDatabase } from './database.js';
import { dataDirOption, wholeNumber } from './options.js';

/** `osteograph quarantine`: images whose headers contradict what they were to be imported as. */
export function quarantineCommand(): Command {
  const command = new Command('quarantine')
    .description('list and decide about images whose headers contradict what they were to be imported as')
    .addHelpText(
      'after',
      `
An image that says it shows the other knee, another part of the body or another kind of image is not imported. Look at it, then accept or
reject it, with the reason; the next "osteograph import" of its folder does as was decided.

Examples:
  $ osteograph quarantine list
  $ osteograph quarantine accept 3 --reason "the console was set to the wrong side, see the marker"
  $ osteograph quarantine reject 4 --reason "a chest film"`,
    );
  command
    .command('list', { isDefault: true })
    .description('what waits for a decision, the newest first')
    .addOption(dataDirOption())
    .option('--all', 'what was decided, too')
    .option('--limit <n>', 'how many', wholeNumber('--limit'), 50)
    .option('--json', 'one JSON object per line, for programs')
    .action(list);
  for (const [name, state] of [
    ['accept', 'ACCEPTED'],
    ['reject', 'REJECTED'],
  ] as const) {
    command
      .command(name)
      .description(state === 'ACCEPTED' ? 'let the next import take an image' : 'never import an image so')
      .argument('<number>', 'as "osteograph quarantine list" shows it')
      .requiredOption('--reason <text>', 'why, 3 to 500 characters')
      .addOption(dataDirOption())
      .action(async (number: string, { dataDir, reason }: { dataDir: string; reason: string }) => {
        if (!/^[1-9]\d{0,8}$/.test(number)) {
          throw new UserError('BAD_USER_INPUT', `${JSON.stringify(number)} is no number of an image in quarantine.`);
        }
        await withDatabase(dataDir, 'quarantine', async ({ dataSource }) => {
          const image = await resolveQuarantined(dataSource, COMMAND_LINE, Number(number), { state, reason });
          console.log(inWords(image));
        });
      });
  }
  return command;
}

interface ListOptions {
  dataDir: string;
  all?: boolean;
  limit: number;
  json?: boolean;
}

async function list({ dataDir, all, limit, json }: ListOptions): Promise<void> {
  await withDatabase(dataDir, 'quarantine', async ({ dataSource }) => {
    const images = await listQuarantine(dataSource, { state: all ? null : 'OPEN', limit });
    if (json) for (const image of images) console.log(JSON.stringify(image));
    else if (images.length === 0) console.log('No image waits in quarantine.');
    else for (const image of images) console.log(inWords(image));
  });
}

function inWords(image: QuarantinedImage): string {
  const { id, file, oaiId, visit, side, contradiction, state, reason } = image;
  const whose = [oaiId, visit, side?.toLowerCase() ?? 'both knees'].join(' ');
  const decided = state === 'OPEN' ? '' : `\n    ${state.toLowerCase()}: ${reason}`;
  return `${id}  ${file}, for ${whose}\n    says that ${contradiction}${decided}`;
}
