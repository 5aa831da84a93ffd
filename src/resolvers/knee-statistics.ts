import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { WHERE } from '../schema/arguments.js';
import { KneeExamFacetEnum } from '../schema/aggregates.js';
import { KneeExamFilter } from '../schema/filters.js';
import { BandedNumberInput, KneeNumberInput, NUMBERS } from '../schema/knee-numbers.js';
import { KneeCorrelation, KneePrevalence } from '../schema/knee-statistics.js';
import { exploreCorrelation, explorePrevalence, type KneeExamFacet } from '../services/aggregates/index.js';
import { resolveNumbers } from '../services/numbers/index.js';
import { resolveVariables } from '../services/variables/index.js';
import { bandedNumbers, bucketsOf } from './aggregates.js';
import type { Context } from './context.js';
import { PASS } from '../schema/limits.js';
import { requireRole } from './context.js';
import { readyFilter } from './filter.js';

const BY = {
  nullable: true,
  description: 'Facets: with `variables` and `numbers` none to four, all different.',
} as const;
const VARIABLES = { nullable: true, description: 'Names of variables that are further dimensions.' } as const;

/** Statistics that say how sure they are. */
@Resolver()
export class KneeStatisticsResolver {
  @Query(() => [KneePrevalence], {
    description:
      'How common a condition is, over all exams or by up to four dimensions, with 95 % intervals that let exams of a person depend on one another. Name ' +
      'a visit in `where`, or a person counts once for each.',
    complexity: ({ args, childComplexity }) => 2 * PASS + bucketsOf(args) * childComplexity,
  })
  async kneePrevalence(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, WHERE) asked: object | null,
    @Arg('having', () => KneeExamFilter, {
      description:
        'The condition. An exam of which it is not known, because a value of its own that it compares is missing, is counted as missing; conditions on ' +
        'related rows (`some`, `otherKnee`, changes) are always known.',
    })
    having: object,
    @Arg('by', () => [KneeExamFacetEnum], BY) by: KneeExamFacet[] | null,
    @Arg('variables', () => [String], VARIABLES) names: string[] | null,
    @Arg('numbers', () => [BandedNumberInput], NUMBERS) numbers: BandedNumberInput[] | null,
  ): Promise<KneePrevalence[]> {
    requireRole(context, 'ANALYST', 'Reading prevalences');
    return explorePrevalence(context.platform.dataSource, {
      ...{ where: await readyFilter(context, asked), having: await readyFilter(context, having), by },
      variables: await resolveVariables(context.platform.dataSource, names ?? []),
      numbers: await bandedNumbers(context, numbers),
    });
  }

  @Query(() => [KneeCorrelation], {
    description:
      'How two numbers go together, over all exams or by up to four dimensions, with 95 % intervals that let exams of a person depend on one another. ' +
      'With a change or a slope, `where` selects exams of the visit that the first of them begins at.',
    complexity: ({ args, childComplexity }) => 2 * PASS + bucketsOf(args) * childComplexity,
  })
  async kneeCorrelation(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, WHERE) asked: object | null,
    @Arg('x', () => KneeNumberInput, { description: 'One number.' }) x: KneeNumberInput,
    @Arg('y', () => KneeNumberInput, { description: 'The other.' }) y: KneeNumberInput,
    @Arg('by', () => [KneeExamFacetEnum], BY) by: KneeExamFacet[] | null,
    @Arg('variables', () => [String], VARIABLES) names: string[] | null,
    @Arg('numbers', () => [BandedNumberInput], NUMBERS) numbers: BandedNumberInput[] | null,
  ): Promise<KneeCorrelation[]> {
    requireRole(context, 'ANALYST', 'Reading correlations');
    const { dataSource } = context.platform;
    const [first] = await resolveNumbers(dataSource, [x], 'x');
    const [second] = await resolveNumbers(dataSource, [y], 'y');
    return exploreCorrelation(dataSource, {
      ...{ where: await readyFilter(context, asked), x: first!, y: second!, by },
      variables: await resolveVariables(dataSource, names ?? []),
      numbers: await bandedNumbers(context, numbers),
    });
  }
}
