import { type Database, openDatabase, type OpenOptions } from '../server/database/index.js';
import { sharedDatabase } from './options.js';

/** Runs a command's work on the database beside a running `osteograph serve`, or alone, and closes it. @param options for what is not opened so */
export async function withDatabase(
  dataDir: string,
  purpose: string,
  work: (database: Database) => Promise<void>,
  options: Partial<Pick<OpenOptions, 'share' | 'migrate'>> = {},
): Promise<void> {
  const database = await openDatabase({ ...sharedDatabase(dataDir, purpose), ...options });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}
