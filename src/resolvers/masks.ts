import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { INPUT, PageArgs } from '../schema/arguments.js';
import { Asset } from '../schema/asset.js';
import type { ConnectionOf } from '../schema/connections.js';
import { connectionComplexity } from '../schema/limits.js';
import { DeleteUploadedMaskInput, DeleteUploadedMaskPayload } from '../schema/mutations.js';
import type { DeletedMaskPayload, IdInput } from '../schema/mutations.js';
import { UploadedMaskConnection, UploadedMaskNode } from '../schema/upload.js';
import { MASKS } from '../services/filters/index.js';
import { countRows, MASK_LISTING, readPage } from '../services/paging/index.js';
import { uploadsFor } from '../services/uploads/index.js';
import { connection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';
import { signedAsset } from './images.js';

@Resolver(() => UploadedMaskNode)
export class MaskResolver {
  @Query(() => UploadedMaskConnection, {
    description: "The caller's own masks, the newest first; an administrator's list has everybody's.",
    complexity: connectionComplexity,
  })
  uploadedMasks(@Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): ConnectionOf<UploadedMaskNode> {
    const { dataSource } = context.platform;
    const where = uploadsFor(context.viewer);
    return connection(context, {
      page: () => readPage(dataSource, MASK_LISTING, { where, ...page }),
      count: () => countRows(dataSource, MASKS, where),
      node: (row) => new UploadedMaskNode(row),
    });
  }

  @Mutation(() => DeleteUploadedMaskPayload, {
    description: 'Removes an uploaded mask and its file. What was filled in by it stays, with a copy of it.',
  })
  async deleteUploadedMask(
    @Ctx() context: Context,
    @Arg('input', () => DeleteUploadedMaskInput, INPUT) { id }: IdInput,
  ): Promise<DeletedMaskPayload> {
    requireRole(context, 'READER', 'deleteUploadedMask');
    const { platform, viewer } = context;
    await platform.uploads.deleteMask(viewer, keyOf('id', 'UploadedMask', id));
    return { deletedUploadedMaskId: id };
  }

  @FieldResolver(() => Asset, { description: 'NIfTI, gzipped: 1 where something is hidden, 0 elsewhere.' })
  async volume(@Root() { row }: UploadedMaskNode, @Ctx() context: Context): Promise<Asset> {
    return signedAsset(context, await context.loaders.asset.load(row.assetId));
  }

  @FieldResolver(() => String, { description: 'Name of the token that brought it.' })
  async owner(@Root() { row }: UploadedMaskNode, @Ctx() { loaders }: Context): Promise<string> {
    return (await loaders.apiToken.load(row.ownerId)).name;
  }
}
