import type { DataSource, EntityManager } from 'typeorm';
import { giveBack } from './give-back.js';

/** Does the work in one transaction, in which further ones are savepoints, and takes all of it back. */
export async function takenBack<T>(dataSource: DataSource, work: (database: EntityManager) => Promise<T>): Promise<T> {
  await using runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    return await work(runner.manager);
  } finally {
    await giveBack(runner, () => runner.rollbackTransaction());
  }
}
