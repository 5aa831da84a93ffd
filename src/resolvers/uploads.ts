import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { INPUT, ORDER_BY, WHERE, PageArgs } from '../schema/arguments.js';
import { Asset } from '../schema/asset.js';
import type { ConnectionOf } from '../schema/connections.js';
import { GenerationFilter } from '../schema/filters.js';
import { GenerationConnection, GenerationNode } from '../schema/generation.js';
import { connectionComplexity } from '../schema/limits.js';
import { DeleteUploadedRadiographInput, DeleteUploadedRadiographPayload } from '../schema/mutations.js';
import type { DeletedUploadPayload, IdInput } from '../schema/mutations.js';
import { GenerationOrder } from '../schema/orders.js';
import type { OrderInput } from '../schema/orders.js';
import { UploadedRadiographConnection, UploadedRadiographNode } from '../schema/upload.js';
import { UPLOADS } from '../services/filters/index.js';
import { countRows, GENERATION_LISTING, readPage, UPLOAD_LISTING } from '../services/paging/index.js';
import { uploadsFor } from '../services/uploads/index.js';
import { connection, nestedConnection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';
import { signedAsset } from './images.js';

@Resolver(() => UploadedRadiographNode)
export class UploadResolver {
  @Query(() => UploadedRadiographConnection, {
    description: "The caller's own uploads, the newest first; an administrator's list has everybody's.",
    complexity: connectionComplexity,
  })
  uploadedRadiographs(
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<UploadedRadiographNode> {
    const { dataSource } = context.platform;
    const where = uploadsFor(context.viewer);
    return connection(context, {
      page: () => readPage(dataSource, UPLOAD_LISTING, { where, ...page }),
      count: () => countRows(dataSource, UPLOADS, where),
      node: (row) => new UploadedRadiographNode(row),
    });
  }

  @Mutation(() => DeleteUploadedRadiographPayload, {
    description:
      'Removes an uploaded radiograph with every volume made from it, rows and files. Refused while a volume is being made from it.',
  })
  async deleteUploadedRadiograph(
    @Ctx() context: Context,
    @Arg('input', () => DeleteUploadedRadiographInput, INPUT) { id }: IdInput,
  ): Promise<DeletedUploadPayload> {
    requireRole(context, 'READER', 'deleteUploadedRadiograph');
    const { platform, viewer } = context;
    await platform.uploads.delete(viewer, keyOf('id', 'UploadedRadiograph', id));
    return { deletedUploadedRadiographId: id };
  }

  @FieldResolver(() => Asset, { description: '16-bit grey PNG, bone bright.' })
  async image(@Root() { row }: UploadedRadiographNode, @Ctx() context: Context): Promise<Asset> {
    return signedAsset(context, await context.loaders.asset.load(row.assetId));
  }

  @FieldResolver(() => GenerationConnection, {
    description: 'Generations from this radiograph, the newest first.',
    complexity: connectionComplexity,
  })
  generations(
    @Root() { row }: UploadedRadiographNode,
    @Ctx() context: Context,
    @Arg('where', () => GenerationFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [GenerationOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<GenerationNode> {
    return nestedConnection(context, row.id, {
      listing: GENERATION_LISTING,
      column: 'upload_id',
      request: { where, orderBy, ...page },
      node: (generation) => new GenerationNode(generation),
    });
  }

  @FieldResolver(() => String, { description: 'Name of the token that brought it.' })
  async owner(@Root() { row }: UploadedRadiographNode, @Ctx() { loaders }: Context): Promise<string> {
    return (await loaders.apiToken.load(row.ownerId)).name;
  }
}
