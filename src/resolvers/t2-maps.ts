import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import { Asset } from '../schema/asset.js';
import { MriSeriesNode, SeriesDownload } from '../schema/images.js';
import { jobComplexity } from '../schema/limits.js';
import type { IdInput } from '../schema/mutation-types.js';
import { CancelT2MapInput, CancelT2MapPayload, T2MapInput, T2MapNode, T2MapPayload } from '../schema/t2-map.js';
import { cancelT2Map, requestT2Map } from '../services/t2-maps/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';
import { signedAsset } from './images.js';

@Resolver(() => T2MapNode)
export class T2MapResolver {
  @Mutation(() => T2MapPayload, {
    description:
      'Fits T2 to each voxel of an imported multi-echo series, in the background. Ask `node(id)` until its state is SUCCEEDED; then `volume` has a signed URL.',
    complexity: jobComplexity,
  })
  async t2Map(
    @Ctx() context: Context,
    @Arg('input', () => T2MapInput, INPUT) input: T2MapInput,
  ): Promise<T2MapPayload> {
    requireRole(context, 'OPERATOR', 't2Map');
    const seriesId = Number(keyOf('seriesId', 'MriSeries', input.seriesId));
    const row = await requestT2Map(context.platform.dataSource, context.viewer, { ...input, seriesId });
    context.platform.t2Maps.wake();
    return { t2Map: new T2MapNode(row) };
  }

  @Mutation(() => CancelT2MapPayload, { description: 'Stops a T2 map that waits or is being fitted.' })
  async cancelT2Map(
    @Ctx() context: Context,
    @Arg('input', () => CancelT2MapInput, INPUT) { id }: IdInput,
  ): Promise<T2MapPayload> {
    requireRole(context, 'OPERATOR', 'cancelT2Map');
    const row = await cancelT2Map(context.platform.dataSource, context.viewer, Number(keyOf('id', 'T2Map', id)));
    return { t2Map: new T2MapNode(row) };
  }

  @FieldResolver(() => MriSeriesNode, { description: 'The echo by which the series was named.' })
  async series(@Root() { row }: T2MapNode, @Ctx() { loaders }: Context): Promise<MriSeriesNode> {
    return new MriSeriesNode(await loaders.mriSeries.load(row.seriesId));
  }

  @FieldResolver(() => Asset, {
    nullable: true,
    description:
      "T2 in ms as NIfTI on the series' own grid, 0 where nothing could be fitted; null before it has succeeded.",
  })
  async volume(@Root() { row }: T2MapNode, @Ctx() context: Context): Promise<Asset | null> {
    return row.assetId === null ? null : signedAsset(context, await context.loaders.asset.load(row.assetId));
  }

  @FieldResolver(() => SeriesDownload, {
    nullable: true,
    description: 'The map as a DICOM Parametric Map, in ms; null before it has succeeded.',
  })
  dicom(@Root() { row }: T2MapNode, @Ctx() { platform, viewer }: Context): SeriesDownload | null {
    if (row.assetId === null) return null;
    return { ...platform.assetUrls.sign(`t2-maps/${row.id}/map.dcm`, viewer), mediaType: 'application/dicom' };
  }
}
