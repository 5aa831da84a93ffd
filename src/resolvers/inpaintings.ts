import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import { GenerationNode } from '../schema/generation.js';
import { InpaintSeriesInput, InpaintSeriesPayload } from '../schema/inpainting.js';
import type { GenerationPayload } from '../schema/mutations.js';
import { requestInpainting } from '../services/generations/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

@Resolver()
export class InpaintingResolver {
  @Mutation(() => InpaintSeriesPayload, {
    description:
      'Fills in lost slices and hidden places of an MRI series; all else stays as it is. What is filled in is likely and was not seen. Follow it with `generationProgress`.',
  })
  async inpaintSeries(
    @Ctx() context: Context,
    @Arg('input', () => InpaintSeriesInput, INPUT) input: InpaintSeriesInput,
  ): Promise<GenerationPayload> {
    requireRole(context, 'OPERATOR', 'inpaintSeries');
    const seriesId = Number(keyOf('seriesId', 'MriSeries', input.seriesId));
    const masks = input.masks?.map((mask) => ({
      ...mask,
      maskUploadId: keyOf('maskUploadId', 'UploadedRadiograph', mask.maskUploadId),
    }));
    const { maskUploadId: volume } = input;
    const maskUploadId = volume == null ? null : keyOf('maskUploadId', 'UploadedMask', volume);
    const request = { ...input, seriesId, masks, maskUploadId };
    const row = await requestInpainting(context.platform, context.viewer, request);
    return { generation: new GenerationNode(row) };
  }
}
