import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import { GenerationNode } from '../schema/generation.js';
import type { GenerationPayload } from '../schema/mutations.js';
import { SuperResolveSeriesInput, SuperResolveSeriesPayload } from '../schema/super-resolution.js';
import { requestSuperResolution } from '../services/generations/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

@Resolver()
export class SuperResolutionResolver {
  @Mutation(() => SuperResolveSeriesPayload, {
    description:
      'Brings an MRI series to a finer grid. What a finer series adds is likely and was not seen. Follow it with `generationProgress`.',
  })
  async superResolveSeries(
    @Ctx() context: Context,
    @Arg('input', () => SuperResolveSeriesInput, INPUT) input: SuperResolveSeriesInput,
  ): Promise<GenerationPayload> {
    requireRole(context, 'OPERATOR', 'superResolveSeries');
    const seriesId = Number(keyOf('seriesId', 'MriSeries', input.seriesId));
    const row = await requestSuperResolution(context.platform, context.viewer, { ...input, seriesId });
    return { generation: new GenerationNode(row) };
  }
}
