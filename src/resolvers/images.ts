import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Asset as AssetRow } from '../entities/index.js';
import { Asset } from '../schema/asset.js';
import { GenerationNode } from '../schema/generation.js';
import { MriSeriesNode, RadiographNode } from '../schema/images.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import type { Context } from './context.js';

/** An asset with a URL that works for this viewer for an hour or two. */
export function signedAsset({ platform, viewer }: Context, { sha256, mediaType, bytes }: AssetRow): Asset {
  return { ...platform.assetUrls.sign(sha256, viewer.tokenId), sha256, mediaType, bytes };
}

@Resolver(() => RadiographNode)
export class RadiographResolver {
  @FieldResolver(() => Asset, {
    nullable: true,
    description: '16-bit grey PNG, bone bright; null while only the tables tell of the film.',
  })
  async image(@Root() { row }: RadiographNode, @Ctx() context: Context): Promise<Asset | null> {
    return row.assetId === null ? null : signedAsset(context, await context.loaders.asset.load(row.assetId));
  }
}

@Resolver(() => MriSeriesNode)
export class MriSeriesResolver {
  @FieldResolver(() => KneeExamNode)
  async exam(@Root() { row }: MriSeriesNode, @Ctx() { loaders }: Context): Promise<KneeExamNode> {
    return new KneeExamNode(await loaders.kneeExam.load(row.examId));
  }

  @FieldResolver(() => Asset, {
    nullable: true,
    description: 'NIfTI (.nii.gz), slices posterior to anterior; null while only the tables tell of the series.',
  })
  async volume(@Root() { row }: MriSeriesNode, @Ctx() context: Context): Promise<Asset | null> {
    return row.assetId === null ? null : signedAsset(context, await context.loaders.asset.load(row.assetId));
  }

  @FieldResolver(() => GenerationNode, { nullable: true, description: 'What made it; null for a real series.' })
  async generation(@Root() { row }: MriSeriesNode, @Ctx() { loaders }: Context): Promise<GenerationNode | null> {
    return row.generationId === null ? null : new GenerationNode(await loaders.generation.load(row.generationId));
  }
}
