import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import { GenerationDifferenceItem } from '../schema/generation-difference.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { signedAsset } from './images.js';

/** What a comparison of two volumes costs the first time: seconds of a thread. */
const COST = 2_000;

@Resolver()
export class DifferenceResolver {
  @Query(() => GenerationDifferenceItem, {
    description:
      'How the second of two finished generations of one exam differs from the first, and where: compartments follow a fixed ' +
      'rule about the joint line. The first time takes seconds.',
    complexity: ({ childComplexity }) => COST + childComplexity,
  })
  async generationDifference(
    @Ctx() context: Context,
    @Arg('a', () => ID) a: string,
    @Arg('b', () => ID) b: string,
  ): Promise<GenerationDifferenceItem> {
    requireRole(context, 'READER', 'Comparing volumes');
    const { summary, volume, picture } = await context.platform.differences.between(keyOf('a', a), keyOf('b', b));
    return { ...summary, volume: signedAsset(context, volume), picture: signedAsset(context, picture) };
  }
}

function keyOf(argument: string, id: string): string {
  const decoded = decodeId(id);
  if (decoded?.type !== 'Generation')
    throw new UserError('BAD_USER_INPUT', `${argument} must be the id of a Generation.`);
  return String(decoded.key);
}
