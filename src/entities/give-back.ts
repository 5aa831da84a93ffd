import type { QueryRunner } from 'typeorm';
import { databaseFault } from './database-faults.js';

/**
 * Gives back what a connection holds, a lock or an open transaction. A connection that is lost has given it back, and is not to hide why the work ended.
 */
export async function giveBack(runner: QueryRunner, step: () => Promise<unknown>): Promise<void> {
  try {
    if (!runner.isReleased) await step();
  } catch (error) {
    if (!databaseFault(error)) throw error;
  }
}
