import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import { GenerationNode } from '../schema/generation.js';
import type { GenerationPayload } from '../schema/mutations.js';
import { GenerateProgressionInput, GenerateProgressionPayload } from '../schema/progression.js';
import { requestProgression } from '../services/generations/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { filmKeys } from './ids.js';

@Resolver()
export class ProgressionResolver {
  @Mutation(() => GenerateProgressionPayload, {
    description:
      'Shows the knee of a film at another KL grade, frame by frame: the joint closes or opens as films of that grade have it, and bone near ' +
      'it changes. No frame but the first was seen, and none says what will become of the knee. Follow it with `generationProgress`.',
  })
  async generateProgression(
    @Ctx() context: Context,
    @Arg('input', () => GenerateProgressionInput, INPUT) input: GenerateProgressionInput,
  ): Promise<GenerationPayload> {
    requireRole(context, 'OPERATOR', 'generateProgression');
    const row = await requestProgression(context.platform, context.viewer, { ...input, ...filmKeys(input) });
    return { generation: new GenerationNode(row) };
  }
}
