import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Args, Ctx, FieldResolver, Float, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { decodeId } from '../domain/global-ids.js';
import type { Side } from '../domain/participants.js';
import { GenerationOutput, GenerationSlice } from '../entities/index.js';
import { positionsInLine } from '../scheduling/index.js';
import { idOf, ORDER_BY, WHERE, PageArgs } from '../schema/arguments.js';
import { gradeGuidanceOf, parametersOf, type Provenance, provenanceOf } from '../services/generations/index.js';
import { Asset } from '../schema/asset.js';
import { BatchNode } from '../schema/batch.js';
import { BundleNode } from '../schema/bundle.js';
import type { ConnectionOf } from '../schema/connections.js';
import { GenerationFilter } from '../schema/filters.js';
import {
  GenerationConnection,
  GenerationNode,
  GenerationSliceNode,
  outputListComplexity,
  sliceListComplexity,
} from '../schema/generation.js';
import { GenerationOutputNode } from '../schema/generation-output.js';
import { MriSeriesNode, RadiographNode } from '../schema/images.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { SideEnum } from '../schema/enums.js';
import { UploadedRadiographNode } from '../schema/upload.js';
import { connectionComplexity } from '../schema/limits.js';
import { GenerationOrder } from '../schema/orders.js';
import type { OrderInput } from '../schema/orders.js';
import { countSummaryRows } from '../services/aggregates/index.js';
import { GENERATION_OUTPUTS, GENERATION_SLICES, GENERATIONS, type Where } from '../services/filters/index.js';
import { countRows, fittingRowsOf, GENERATION_LISTING, type PlacedRows, readPage } from '../services/paging/index.js';
import { generationsFor, OF_EXAMS } from '../services/uploads/index.js';
import { GenerationOutputFilter, GenerationSliceFilter } from '../schema/work-filters.js';
import { connection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';
import { signedAsset } from './images.js';
import { isGiven } from './nested.js';
import { findOrNull } from './node.js';
import { visibleGeneration } from './visible.js';

const SLICES_OF_GENERATION: PlacedRows<GenerationSlice> = {
  table: GENERATION_SLICES,
  entity: GenerationSlice,
  parent: 'generation_id',
  order: ['index'],
};

const OUTPUTS_OF_GENERATION: PlacedRows<GenerationOutput> = {
  table: GENERATION_OUTPUTS,
  entity: GenerationOutput,
  parent: 'generation_id',
  order: ['kind', 'index'],
};

@Resolver(() => GenerationNode)
export class GenerationResolver {
  @Query(() => GenerationConnection, { description: 'The newest first.', complexity: connectionComplexity })
  generations(
    @Ctx() context: Context,
    @Arg('where', () => GenerationFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [GenerationOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<GenerationNode> {
    const { dataSource } = context.platform;
    const visible = async () => generationsFor(context.viewer, await readyFilter(context, where));
    return connection(context, {
      page: async () => {
        const ready = await visible();
        return readPage(dataSource, GENERATION_LISTING, { where: ready, orderBy, ...page });
      },
      count: async () => countRows(dataSource, GENERATIONS, await visible()),
      summaryCount: () => countSummaryRows(dataSource, GENERATIONS, where, OF_EXAMS),
      node: (row) => new GenerationNode(row),
    });
  }

  @Query(() => GenerationNode, {
    description: "A generation by its id; null when there is none, or when it is from somebody else's upload.",
    nullable: true,
  })
  async generation(
    @Ctx() context: Context,
    @Arg('id', () => ID, idOf('generation')) id: string,
  ): Promise<GenerationNode | null> {
    requireRole(context, 'ANALYST', 'Reading records');
    const decoded = decodeId(id);
    if (decoded?.type !== 'Generation') return null;
    return findOrNull(visibleGeneration(context, String(decoded.key)).then((row) => new GenerationNode(row)));
  }

  @FieldResolver(() => KneeExamNode, { nullable: true, description: 'Null for an uploaded radiograph.' })
  async exam(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<KneeExamNode | null> {
    return row.examId === null ? null : new KneeExamNode(await loaders.kneeExam.load(row.examId));
  }

  @FieldResolver(() => RadiographNode, { nullable: true, description: "The exam's film; null for an uploaded one." })
  async radiograph(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<RadiographNode | null> {
    return row.radiographId === null ? null : new RadiographNode(await loaders.radiograph.load(row.radiographId));
  }

  @FieldResolver(() => UploadedRadiographNode, {
    nullable: true,
    description: 'The uploaded radiograph that it is made from, instead of the film of an exam.',
  })
  async upload(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<UploadedRadiographNode | null> {
    return row.uploadId === null ? null : new UploadedRadiographNode(await loaders.upload.load(row.uploadId));
  }

  @FieldResolver(() => MriSeriesNode, {
    nullable: true,
    description: 'The MRI series of the exam that another one is made from; null for what is made from a radiograph.',
  })
  async sourceSeries(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<MriSeriesNode | null> {
    return row.sourceSeriesId === null ? null : new MriSeriesNode(await loaders.mriSeries.load(row.sourceSeriesId));
  }

  @FieldResolver(() => SideEnum, { nullable: true, description: 'The knee; null for the whole of an uploaded film.' })
  async side(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<Side | null> {
    return row.examId === null ? row.side : (await loaders.kneeExam.load(row.examId)).side;
  }

  @FieldResolver(() => GraphQLJSONObject, {
    description: 'What the task was told, defaults filled in, and what it has found for itself.',
  })
  parameters(@Root() { row }: GenerationNode): Readonly<Record<string, unknown>> {
    return parametersOf(row);
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description: 'How strongly the grades pull: 0 not at all, 1 as trained. Null for what has no grades.',
  })
  gradeGuidance(@Root() { row }: GenerationNode): number | null {
    return gradeGuidanceOf(row);
  }

  @FieldResolver(() => [GenerationOutputNode], {
    description: 'Its files: what was given with the request, and what was made once it has succeeded.',
    complexity: outputListComplexity,
  })
  async outputs(
    @Root() { row }: GenerationNode,
    @Ctx() context: Context,
    @Arg('where', () => GenerationOutputFilter, WHERE) where: Where | null,
  ): Promise<GenerationOutputNode[]> {
    const outputs = isGiven(where)
      ? context.fittingOutputs.for(where, (ids) =>
          fittingRowsOf(context.platform.dataSource, OUTPUTS_OF_GENERATION, where, ids),
        )
      : context.loaders.outputsOfGeneration;
    return (await outputs.load(row.id)).map((one) => new GenerationOutputNode(one));
  }

  @FieldResolver(() => BundleNode, { description: 'The bundle that makes it.' })
  async bundle(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<BundleNode> {
    return new BundleNode(await loaders.bundle.load(row.bundleId));
  }

  @FieldResolver(() => GraphQLJSONObject, {
    description:
      'Where its result comes from: bundle with digest, version and commit of the code, digests of film and real series, box, seed, ' +
      'sampler, grades (of a volume) or what the task was told, device, and each attempt with its worker and timings. Exports carry the same.',
  })
  async provenance(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<Provenance> {
    return provenanceOf(row, await loaders.bundle.load(row.bundleId));
  }

  @FieldResolver(() => String, { nullable: true, description: 'Name of the token that asked for it.' })
  async requestedBy(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.requestedById === null ? null : (await loaders.apiToken.load(row.requestedById)).name;
  }

  @FieldResolver(() => BatchNode, { nullable: true, description: 'The batch that asked for it.' })
  async batch(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<BatchNode | null> {
    return row.batchId === null ? null : new BatchNode(await loaders.batch.load(row.batchId));
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'How many waiting generations go before it; null unless it waits, and while its batch is paused.',
  })
  async queuePosition(@Root() { row }: GenerationNode, @Ctx() context: Context): Promise<number | null> {
    if (row.state !== 'QUEUED') return null;
    const { dataSource } = context.platform;
    return context.queuePositions.for({}, (ids) => positionsInLine(dataSource, ids)).load(row.id);
  }

  @FieldResolver(() => MriSeriesNode, {
    nullable: true,
    description: 'The generated volume, once it is there; null for a task that makes none.',
  })
  async mriSeries(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<MriSeriesNode | null> {
    const [series] = await loaders.seriesOfGeneration.load(row.id);
    return series ? new MriSeriesNode(series) : null;
  }

  @FieldResolver(() => [GenerationSliceNode], {
    description: 'Finished slices, posterior to anterior.',
    complexity: sliceListComplexity,
  })
  async slices(
    @Root() { row }: GenerationNode,
    @Ctx() context: Context,
    @Arg('where', () => GenerationSliceFilter, WHERE) where: Where | null,
  ): Promise<GenerationSliceNode[]> {
    const slices = isGiven(where)
      ? context.fittingSlices.for(where, (ids) =>
          fittingRowsOf(context.platform.dataSource, SLICES_OF_GENERATION, where, ids),
        )
      : context.loaders.slicesOfGeneration;
    return (await slices.load(row.id)).map((slice) => new GenerationSliceNode(slice));
  }
}

@Resolver(() => GenerationSliceNode)
export class GenerationSliceResolver {
  @FieldResolver(() => String, { description: 'Signed URL of the slice as 16-bit grey PNG.' })
  async previewUrl(@Root() { row }: GenerationSliceNode, @Ctx() context: Context): Promise<string> {
    return signedAsset(context, await context.loaders.asset.load(row.assetId)).url;
  }

  @FieldResolver(() => Asset, { description: 'The slice as 16-bit grey PNG.' })
  async image(@Root() { row }: GenerationSliceNode, @Ctx() context: Context): Promise<Asset> {
    return signedAsset(context, await context.loaders.asset.load(row.assetId));
  }
}

@Resolver(() => GenerationOutputNode)
export class GenerationOutputResolver {
  @FieldResolver(() => String, { description: 'Signed URL of the file.' })
  async url(@Root() { row }: GenerationOutputNode, @Ctx() context: Context): Promise<string> {
    return signedAsset(context, await context.loaders.asset.load(row.assetId)).url;
  }

  @FieldResolver(() => Asset, { description: 'The file.' })
  async file(@Root() { row }: GenerationOutputNode, @Ctx() context: Context): Promise<Asset> {
    return signedAsset(context, await context.loaders.asset.load(row.assetId));
  }
}
