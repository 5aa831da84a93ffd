import type { DataSource, EntityManager } from 'typeorm';
import { letGo } from './let-go.js';

/** Does the work in one transaction, in which further ones are savepoints, and takes all of it back. */
export async function takenBack<T>(dataSource: DataSource, work: (database: EntityManager) => Promise<T>): Promise<T> {
  await using runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    return await work(runner.manager);
  } finally {
    await letGo(runner, () => runner.rollbackTransaction());
  }
}
