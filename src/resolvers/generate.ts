import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import { GenerationNode } from '../schema/generation.js';
import { GenerateMriInput } from '../schema/generation-input.js';
import {
  CancelGenerationInput,
  CancelGenerationPayload,
  DeleteGenerationInput,
  DeleteGenerationPayload,
  GenerateMriPayload,
  RetryGenerationInput,
  RetryGenerationPayload,
} from '../schema/mutations.js';
import type { DeletedGenerationPayload, GenerationPayload, IdInput } from '../schema/mutations.js';
import {
  cancelGeneration,
  deleteGeneration,
  requestGeneration,
  retryGeneration,
} from '../services/generations/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { filmKeys, keyOf } from './ids.js';
import { visibleGeneration } from './visible.js';

@Resolver()
export class GenerationMutationResolver {
  @Mutation(() => GenerateMriPayload, {
    description: 'Turns the radiograph of a knee into a synthetic MRI volume. Follow it with `generationProgress`.',
  })
  async generateMri(
    @Ctx() context: Context,
    @Arg('input', () => GenerateMriInput, INPUT) input: GenerateMriInput,
  ): Promise<GenerationPayload> {
    requireRole(context, 'OPERATOR', 'generateMri');
    const row = await requestGeneration(context.platform, context.viewer, {
      ...input,
      ...filmKeys(input),
    });
    return { generation: new GenerationNode(row) };
  }

  @Mutation(() => CancelGenerationPayload, {
    description: 'Stops a generation, waiting or running; a running one stops within one denoiser step.',
  })
  async cancelGeneration(
    @Ctx() context: Context,
    @Arg('input', () => CancelGenerationInput, INPUT) { id }: IdInput,
  ): Promise<GenerationPayload> {
    requireRole(context, 'OPERATOR', 'cancelGeneration');
    const { id: key } = await visibleGeneration(context, keyOf('id', 'Generation', id));
    return { generation: new GenerationNode(await cancelGeneration(context.platform, context.viewer, key)) };
  }

  @Mutation(() => RetryGenerationPayload, {
    description: 'Queues a failed or canceled generation anew; the slices it has are kept.',
  })
  async retryGeneration(
    @Ctx() context: Context,
    @Arg('input', () => RetryGenerationInput, INPUT) { id }: IdInput,
  ): Promise<GenerationPayload> {
    requireRole(context, 'OPERATOR', 'retryGeneration');
    const { id: key } = await visibleGeneration(context, keyOf('id', 'Generation', id));
    return { generation: new GenerationNode(await retryGeneration(context.platform, context.viewer, key)) };
  }

  @Mutation(() => DeleteGenerationPayload, {
    description:
      'Removes a generation that is over, with its volume and its log, rows and files; only for whoever asked for it, and for administrators. ' +
      'Refused where a batch, a reader study or an evaluation under way needs it.',
  })
  async deleteGeneration(
    @Ctx() context: Context,
    @Arg('input', () => DeleteGenerationInput, INPUT) { id }: IdInput,
  ): Promise<DeletedGenerationPayload> {
    requireRole(context, 'OPERATOR', 'deleteGeneration');
    const { id: key } = await visibleGeneration(context, keyOf('id', 'Generation', id));
    await deleteGeneration(context.platform, context.viewer, key);
    return { deletedGenerationId: id };
  }
}
