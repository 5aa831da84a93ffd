import { Command } from 'commander';
import { openDatabase } from '../server/database/index.js';
import { dataDirOption, sharedDatabase } from './options.js';

/** `osteograph migrate`: bring a database up to date without starting anything on it. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database schema up to date (serve and worker do so on their own)')
    .addOption(dataDirOption())
    .addHelpText(
      'after',
      `
Examples:
  $ osteograph migrate                                             the embedded database in .osteograph
  $ DATABASE_URL=postgresql://me@host/osteograph osteograph migrate`,
    )
    .action(async ({ dataDir }: { dataDir: string }) => {
      const database = await openDatabase(sharedDatabase(dataDir, 'migrate'));
      await database.close();
      for (const name of database.migrations) console.log(`ran ${name}`);
      console.log('The database is up to date.');
    });
}
