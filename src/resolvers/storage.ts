import { Ctx, Query, Resolver } from 'type-graphql';
import { Storage } from '../schema/storage.js';
import { reportStorage } from '../services/files/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';

@Resolver()
export class StorageResolver {
  @Query(() => Storage, { description: 'How much the stored files take up. For operators.' })
  async storage(@Ctx() context: Context): Promise<Storage> {
    requireRole(context, 'OPERATOR', 'Asking how much is stored');
    const { dataSource, store } = context.platform;
    return reportStorage(dataSource, store);
  }
}
