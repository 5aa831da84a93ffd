import { Kind } from 'graphql';
import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';
import { Arg, Ctx, Info, Int, Query, Resolver } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import type { FeatureCode } from '../domain/features.js';
import type { CompetingEvent, SurvivalEvent } from '../domain/survival.js';
import type { VisitCode } from '../domain/visits.js';
import { WHERE } from '../schema/arguments.js';
import {
  FacetBucket,
  HistogramInput,
  GradeTransition,
  KneeExamFacetEnum,
  KneeExamMeasureEnum,
  KneeExamStatistics,
} from '../schema/aggregates.js';
import { FeatureEnum, VisitCodeEnum } from '../schema/enums.js';
import { KneeExamFilter } from '../schema/filters.js';
import { BandedNumberInput, KneeNumberInput, NUMBERS } from '../schema/knee-numbers.js';
import { CompetingEventEnum, Survival, SurvivalEventEnum } from '../schema/survival.js';
import {
  countFacets,
  countSummaryFacets,
  countTransitions,
  exploreMeasure,
  exploreSurvival,
  FACETS,
} from '../services/aggregates/index.js';
import type { BandedNumber, KneeExamFacet, KneeExamMeasure } from '../services/aggregates/index.js';
import { resolveNumbers } from '../services/numbers/index.js';
import { VARIABLE_NAME } from '../schema/variables.js';
import { resolveVariables } from '../services/variables/index.js';
import { PASS } from '../schema/limits.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';
import { writtenList } from './written-lists.js';

/** Values of a dimension without a fixed list: sites, variables. */
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
    @Arg('by', () => [KneeExamFacetEnum], {
      nullable: true,
      description: 'Facets: with `variables` and `numbers` one to four, all different.',
    })
    by: KneeExamFacet[] | null,
    @Arg('variables', () => [String], { nullable: true, description: `Further dimensions. ${VARIABLE_NAME}` })
    names: string[] | null,
    @Arg('numbers', () => [BandedNumberInput], NUMBERS) numbers: BandedNumberInput[] | null,
    @Arg('totals', () => Boolean, {
      defaultValue: false,
      description: 'Whether to add every total: over one dimension, over two, ..., over all.',
    })
    totals: boolean,
    @Info() info: GraphQLResolveInfo,
  ): Promise<readonly FacetBucket[]> {
    const { dataSource } = context.platform;
    const variables = await resolveVariables(dataSource, names ?? []);
    const request = { by: by ?? [], variables, totals };
    if (context.viewer.role === 'SUMMARY') {
      if (numbers) requireRole(context, 'ANALYST', 'Counting by numbers of knees');
      return countSummaryFacets(dataSource, { ...request, where: asked });
    }
    const buckets = await countFacets(dataSource, {
      ...{ ...request, where: await readyFilter(context, asked), numbers: await bandedNumbers(context, numbers) },
      participants: asksForParticipants(info),
    });
    return writtenList(context, info, buckets);
  }

  @Query(() => [KneeExamStatistics], {
    description:
      'Statistics of one number, over all exams or by up to four dimensions. Of a change or a slope, `where` selects exams of the visit that it begins ' +
      'at: every knee that was examined there counts once, and `missingReasons` says why it may have no number.',
    complexity: ({ args, childComplexity }) => PASS + bucketsOf(args) * childComplexity,
  })
  async kneeExamStatistics(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, WHERE) asked: object | null,
    @Arg('of', () => KneeExamMeasureEnum, { nullable: true, description: 'The number; or else `ofNumber`.' })
    of: KneeExamMeasure | null,
    @Arg('ofNumber', () => KneeNumberInput, {
      nullable: true,
      description: 'A variable, its change or its slope instead.',
    })
    ofNumber: KneeNumberInput | null,
    @Arg('by', () => [KneeExamFacetEnum], {
      nullable: true,
      description: 'Facets: with `variables` and `numbers` none to four, all different.',
    })
    by: KneeExamFacet[] | null,
    @Arg('variables', () => [String], {
      nullable: true,
      description: 'Names of variables that are further dimensions.',
    })
    names: string[] | null,
    @Arg('numbers', () => [BandedNumberInput], NUMBERS) numbers: BandedNumberInput[] | null,
    @Arg('histogram', () => HistogramInput, { nullable: true, description: 'Bins to count in; default: none.' })
    histogram: HistogramInput | null,
    @Info() info: GraphQLResolveInfo,
  ): Promise<KneeExamStatistics[]> {
    requireRole(context, 'ANALYST', 'Reading statistics');
    const { dataSource } = context.platform;
    if ((of ?? null) === null ? !ofNumber : ofNumber) {
      throw new UserError('BAD_USER_INPUT', 'Give either of or ofNumber.');
    }
    const [measured = of!] = await resolveNumbers(dataSource, ofNumber ? [ofNumber] : [], 'ofNumber');
    return exploreMeasure(dataSource, {
      ...{ where: await readyFilter(context, asked), of: measured, by, histogram },
      variables: await resolveVariables(dataSource, names ?? []),
      numbers: await bandedNumbers(context, numbers),
      participants: asksForParticipants(info),
    });
  }

  @Query(() => [GradeTransition], {
    description:
      'How one grade of knees changed between two visits: a matrix with both margins. Every knee that was examined at the earlier visit ' +
      'counts; where it has no grade at the later one, `ungraded` says why.',
    complexity: ({ childComplexity }) => PASS + 77 * childComplexity,
  })
  async gradeTransitions(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, { nullable: true, description: 'Selects exams of the visit `from`.' })
    asked: object | null,
    @Arg('feature', () => FeatureEnum, { defaultValue: 'XRKL', description: 'The grade, of the preferred reading.' })
    feature: FeatureCode,
    @Arg('from', () => VisitCodeEnum, { description: 'The earlier visit.' }) from: VisitCode,
    @Arg('to', () => VisitCodeEnum, { description: 'The later visit.' }) to: VisitCode,
  ): Promise<GradeTransition[]> {
    requireRole(context, 'ANALYST', 'Reading transitions');
    const where = await readyFilter(context, asked);
    return countTransitions(context.platform.dataSource, { where, feature, from, to });
  }

  @Query(() => Survival, {
    description:
      'Time from the exam at one visit to an event: shares with 95 % intervals, numbers at risk and tests between groups. An event on films is ' +
      'at the day of the visit at which it is first seen; it happened at some time since the visit before.',
    complexity: ({ args, childComplexity }) => PASS + bucketsOf(args) * pointsOf(args) * childComplexity,
  })
  async survival(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, { nullable: true, description: 'Selects exams of the visit `origin`.' })
    asked: object | null,
    @Arg('origin', () => VisitCodeEnum, { defaultValue: 'V00', description: 'The visit that time counts from.' })
    origin: VisitCode,
    @Arg('event', () => SurvivalEventEnum, { description: 'What is waited for.' }) event: SurvivalEvent,
    @Arg('competing', () => [CompetingEventEnum], {
      defaultValue: [],
      description: 'What ends the risk of it; otherwise a knee that it befalls is followed as long as it is seen.',
    })
    competing: CompetingEvent[],
    @Arg('by', () => [KneeExamFacetEnum], {
      nullable: true,
      description: 'None to four different facets of the exam at the origin.',
    })
    by: KneeExamFacet[] | null,
    @Arg('variables', () => [String], {
      nullable: true,
      description: `Further dimensions: variables of the exam at the origin. ${VARIABLE_NAME}`,
    })
    names: string[] | null,
    @Arg('numbers', () => [BandedNumberInput], NUMBERS) numbers: BandedNumberInput[] | null,
    @Arg('at', () => [Int], {
      nullable: true,
      description: 'Days at which curves are told, in order; default: at each step.',
    })
    at: number[] | null,
  ): Promise<Survival> {
    requireRole(context, 'ANALYST', 'Reading times');
    const where = await readyFilter(context, asked);
    const { dataSource } = context.platform;
    return exploreSurvival(dataSource, {
      ...{ where, origin, event, competing, by, at },
      variables: await resolveVariables(dataSource, names ?? []),
      numbers: await bandedNumbers(context, numbers),
    });
  }
}

/** Numbers to group by, with what the names of their variables mean. */
export async function bandedNumbers(
  { platform }: Context,
  asked: readonly BandedNumberInput[] | null | undefined,
): Promise<BandedNumber[]> {
  const numbers = await resolveNumbers(platform.dataSource, asked ?? [], 'numbers');
  return numbers.map((number, index) => ({ number, edges: asked![index]!.edges }));
}

/** Points of a curve that count in the cost: those asked for, or some where every step is. */
function pointsOf({ at }: { at?: number[] | null }): number {
  return at?.length ?? 20;
}

/** The most buckets that an answer may have. */
export function bucketsOf(args: {
  by?: KneeExamFacet[] | null;
  variables?: string[] | null;
  numbers?: BandedNumberInput[] | null;
  totals?: boolean;
}): number {
  const { by, variables, numbers, totals } = args;
  // A missing value is a bucket of its own, and so is a total.
  const extra = totals ? 2 : 1;
  const sizes = [
    ...(by ?? []).map((facet) => FACETS[facet]?.values?.length ?? USUAL_VALUES),
    ...(variables ?? []).map(() => USUAL_VALUES),
    ...(numbers ?? []).map(({ edges }) => (edges ? edges.length + 1 : USUAL_VALUES)),
  ];
  return sizes.reduce((product, size) => product * (size + extra), 1);
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
