import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import { GenerationNode } from '../schema/generation.js';
import type { GenerationPayload } from '../schema/mutations.js';
import { RestoreRadiographInput, RestoreRadiographPayload } from '../schema/restoration.js';
import { requestRestoration } from '../services/generations/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { filmKeys, keyOf } from './ids.js';

@Resolver()
export class RestorationResolver {
  @Mutation(() => RestoreRadiographPayload, {
    description:
      'Takes noise off a film, enlarges it or fills in what is hidden. What a restored film adds is likely and was not seen. Follow it with ' +
      '`generationProgress`.',
  })
  async restoreRadiograph(
    @Ctx() context: Context,
    @Arg('input', () => RestoreRadiographInput, INPUT) input: RestoreRadiographInput,
  ): Promise<GenerationPayload> {
    requireRole(context, 'OPERATOR', 'restoreRadiograph');
    const { inpaint } = input;
    const row = await requestRestoration(context.platform, context.viewer, {
      ...input,
      ...filmKeys(input),
      inpaint: inpaint && { maskUploadId: keyOf('maskUploadId', 'UploadedRadiograph', inpaint.maskUploadId) },
    });
    return { generation: new GenerationNode(row) };
  }
}
