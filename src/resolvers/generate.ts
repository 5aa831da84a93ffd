import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import type { NodeType } from '../domain/global-ids.js';
import { GenerateMriInput, GenerationNode } from '../schema/generation.js';
import { cancelGeneration, requestGeneration, retryGeneration } from '../services/generations.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';

@Resolver()
export class GenerationMutationResolver {
  @Mutation(() => GenerationNode, {
    description: 'Turns the radiograph of a knee into a synthetic MRI volume. Follow it with `generationProgress`.',
  })
  async generateMri(
    @Ctx() context: Context,
    @Arg('input', () => GenerateMriInput) input: GenerateMriInput,
  ): Promise<GenerationNode> {
    requireRole(context, 'OPERATOR', 'generateMri');
    const { examId, radiographId, ...rest } = input;
    const row = await requestGeneration(context.platform, context.viewer, {
      ...rest,
      examId: keyOf('examId', 'KneeExam', examId),
      radiographId: keyOf('radiographId', 'Radiograph', radiographId),
    });
    return new GenerationNode(row);
  }

  @Mutation(() => GenerationNode, {
    description: 'Stops a generation, waiting or running; a running one stops within one denoiser step.',
  })
  async cancelGeneration(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<GenerationNode> {
    requireRole(context, 'OPERATOR', 'cancelGeneration');
    return new GenerationNode(await cancelGeneration(context.platform, context.viewer, generationKey(id)));
  }

  @Mutation(() => GenerationNode, {
    description: 'Queues a failed or canceled generation anew; the slices it has are kept.',
  })
  async retryGeneration(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<GenerationNode> {
    requireRole(context, 'OPERATOR', 'retryGeneration');
    return new GenerationNode(await retryGeneration(context.platform, context.viewer, generationKey(id)));
  }
}

function keyOf(argument: string, type: NodeType, id: string | null | undefined): number | null {
  if (id === null || id === undefined) return null;
  const decoded = decodeId(id);
  if (decoded?.type !== type) throw new UserError('BAD_USER_INPUT', `${argument} must be the id of a ${type}.`);
  return Number(decoded.key);
}

function generationKey(id: string): string {
  const decoded = decodeId(id);
  if (decoded?.type !== 'Generation') throw new UserError('BAD_USER_INPUT', 'id must be the id of a Generation.');
  return String(decoded.key);
}
