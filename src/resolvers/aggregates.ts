import { Kind } from 'graphql';
import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';
import { Arg, Ctx, Info, Query, Resolver } from 'type-graphql';
import type { VisitCode } from '../domain/visits.js';
import { WHERE } from '../schema/arguments.js';
import {
  FacetBucket,
  HistogramInput,
  KlTransition,
  KneeExamFacetEnum,
  KneeExamMeasureEnum,
  KneeExamStatistics,
} from '../schema/aggregates.js';
import { VisitCodeEnum } from '../schema/enums.js';
import { KneeExamFilter } from '../schema/filters.js';
import {
  countFacets,
  countSummaryFacets,
  countTransitions,
  exploreMeasure,
  FACETS,
} from '../services/aggregates/index.js';
import type { KneeExamFacet, KneeExamMeasure } from '../services/aggregates/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';

/** What one pass over the exams costs, in the unit of the cost rule; buckets and bins come on top. */
const PASS = 1_000;

/** Values of a dimension without a fixed list: sites. */
const USUAL_VALUES = 6;

@Resolver()
export class AggregateResolver {
  @Query(() => [FacetBucket], {
    description:
      'Knee exams counted by one to four dimensions. Only buckets that hold an exam are given. A token of role SUMMARY may combine ' +
      'visit, side and sex with one further facet; rare values are pooled and counts rounded to fives.',
    complexity: ({ args, childComplexity }) => PASS + bucketsOf(args) * childComplexity,
  })
  async kneeExamFacets(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, WHERE) asked: object | null,
    @Arg('by', () => [KneeExamFacetEnum], { description: 'One to four different facets.' }) by: KneeExamFacet[],
    @Arg('totals', () => Boolean, {
      defaultValue: false,
      description: 'Whether to add every total: over one dimension, over two, ..., over all.',
    })
    totals: boolean,
    @Info() info: GraphQLResolveInfo,
  ): Promise<FacetBucket[]> {
    const { dataSource } = context.platform;
    if (context.viewer.role === 'SUMMARY') return countSummaryFacets(dataSource, { where: asked, by, totals });
    const where = await readyFilter(context, asked);
    return countFacets(dataSource, { where, by, totals, participants: asksForParticipants(info) });
  }

  @Query(() => [KneeExamStatistics], {
    description: 'Statistics of one number, over all exams or by up to four dimensions.',
    complexity: ({ args, childComplexity }) => PASS + bucketsOf(args) * childComplexity,
  })
  async kneeExamStatistics(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, WHERE) asked: object | null,
    @Arg('of', () => KneeExamMeasureEnum, { description: 'The number.' }) of: KneeExamMeasure,
    @Arg('by', () => [KneeExamFacetEnum], { nullable: true, description: 'None to four different facets.' })
    by: KneeExamFacet[] | null,
    @Arg('histogram', () => HistogramInput, { nullable: true, description: 'Bins to count in; default: none.' })
    histogram: HistogramInput | null,
    @Info() info: GraphQLResolveInfo,
  ): Promise<KneeExamStatistics[]> {
    requireRole(context, 'READER', 'Reading statistics');
    const { dataSource } = context.platform;
    const where = await readyFilter(context, asked);
    return exploreMeasure(dataSource, { where, of, by, histogram, participants: asksForParticipants(info) });
  }

  @Query(() => [KlTransition], {
    description:
      'How the KL grades of knees changed between two visits: a matrix with both margins. Knees examined at both visits count.',
    complexity: ({ childComplexity }) => PASS + 49 * childComplexity,
  })
  async klTransitions(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, { nullable: true, description: 'Selects exams of the visit `from`.' })
    asked: object | null,
    @Arg('from', () => VisitCodeEnum, { description: 'The earlier visit.' }) from: VisitCode,
    @Arg('to', () => VisitCodeEnum, { description: 'The later visit.' }) to: VisitCode,
  ): Promise<KlTransition[]> {
    requireRole(context, 'READER', 'Reading transitions');
    const where = await readyFilter(context, asked);
    return countTransitions(context.platform.dataSource, { where, from, to });
  }
}

/** The most buckets that an answer may have. */
function bucketsOf({ by, totals }: { by?: KneeExamFacet[] | null; totals?: boolean }): number {
  // A missing value is a bucket of its own, and so is a total.
  const extra = totals ? 2 : 1;
  return (by ?? []).reduce((product, facet) => product * ((FACETS[facet]?.values?.length ?? USUAL_VALUES) + extra), 1);
}

/** Counting people costs more than counting exams: it is done where the operation names the field. */
function asksForParticipants({ fieldNodes, fragments }: GraphQLResolveInfo): boolean {
  const within = (set: SelectionSetNode | undefined): boolean =>
    (set?.selections ?? []).some((selection) => {
      if (selection.kind === Kind.FIELD) return selection.name.value === 'participants';
      if (selection.kind === Kind.INLINE_FRAGMENT) return within(selection.selectionSet);
      return within(fragments[selection.name.value]?.selectionSet);
    });
  return fieldNodes.some(({ selectionSet }) => within(selectionSet));
}
