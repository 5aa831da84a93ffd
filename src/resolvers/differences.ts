import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { idOf } from '../schema/arguments.js';
import { GenerationDifferenceItem } from '../schema/generation-difference.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';
import { signedAsset } from './images.js';
import { visibleGeneration } from './visible.js';

/** What a comparison of two volumes costs the first time: seconds of a thread. */
const COST = 2_000;

@Resolver()
export class DifferenceResolver {
  @Query(() => GenerationDifferenceItem, {
    description:
      'How the second of two finished generations of one knee differs from the first, and where: compartments follow a fixed ' +
      'rule about the joint line. The first time takes seconds.',
    complexity: ({ childComplexity }) => COST + childComplexity,
  })
  async generationDifference(
    @Ctx() context: Context,
    @Arg('a', () => ID, idOf('generation that is compared with')) a: string,
    @Arg('b', () => ID, idOf('generation whose difference is asked for')) b: string,
  ): Promise<GenerationDifferenceItem> {
    requireRole(context, 'READER', 'Comparing volumes');
    const [first, second] = await Promise.all([
      visibleGeneration(context, keyOf('a', 'Generation', a)),
      visibleGeneration(context, keyOf('b', 'Generation', b)),
    ]);
    const { summary, volume, picture } = await context.platform.differences.between(first.id, second.id);
    return {
      ...summary,
      visible: summary.visible ?? null,
      jointSpace: summary.jointSpace ?? [],
      volume: signedAsset(context, volume),
      picture: signedAsset(context, picture),
    };
  }
}
