import { Command } from 'commander';
import { UserError } from '../domain/errors.js';
import { COMMAND_LINE } from '../policy/index.js';
import { eraseParticipant, listErasures } from '../services/erasures/index.js';
import { openOwnBlobStore } from '../storage/index.js';
import { withDatabase } from './database.js';
import { blobSettings, dataDirOption } from './options.js';

/** `osteograph participants`: erase somebody who has withdrawn consent. */
export function participantsCommand(): Command {
  const command = new Command('participants').description('erase participants who have withdrawn consent').addHelpText(
    'after',
    `
Examples:
  $ osteograph participants erase 9000001 --dry-run   what would be removed, by table
  $ osteograph participants erase 9000001 --yes       remove it, and print the certificate
  $ osteograph participants erasures                  the certificates that are kept`,
  );
  command
    .command('erase')
    .description('remove everything of a participant for good and print the certificate as JSON')
    .argument('<id>', "the participant's id, seven digits")
    .option('--dry-run', 'print what would be removed, and change nothing')
    .option('--yes', 'do it: there is no way back')
    .addOption(dataDirOption())
    .action(erase);
  command
    .command('erasures')
    .description('print the certificate of each erasure as JSON, one per line, newest first')
    .addOption(dataDirOption())
    .action(({ dataDir }: { dataDir: string }) =>
      withDatabase(dataDir, 'participants', async ({ dataSource }) => {
        for (const certificate of await listErasures(dataSource)) console.log(JSON.stringify(certificate));
      }),
    );
  return command;
}

interface EraseFlags {
  dryRun?: boolean;
  yes?: boolean;
  dataDir: string;
}

async function erase(oaiId: string, { dryRun = false, yes = false, dataDir }: EraseFlags): Promise<void> {
  if (!dryRun && !yes) {
    throw new UserError(
      'BAD_USER_INPUT',
      'What is erased does not come back: look at it with --dry-run first, then say --yes.',
    );
  }
  await withDatabase(dataDir, 'participants', async ({ dataSource }) => {
    const store = await openOwnBlobStore(dataSource, blobSettings(dataDir));
    const certificate = await eraseParticipant({ dataSource, store }, COMMAND_LINE, { oaiId, dryRun });
    console.log(JSON.stringify(certificate, null, 2));
  });
}
