import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, Info, Query, Resolver } from 'type-graphql';
import { ParticipantBucket, ParticipantFacetEnum } from '../schema/aggregates.js';
import { WHERE } from '../schema/arguments.js';
import { ParticipantFilter } from '../schema/filters.js';
import { PASS } from '../schema/limits.js';
import { VARIABLE_NAME } from '../schema/variables.js';
import { countParticipants, type ParticipantFacet } from '../services/aggregates/index.js';
import { resolveVariables } from '../services/variables/index.js';
import { bucketsOf } from './aggregates.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';
import { writtenList } from './written-lists.js';

@Resolver()
export class ParticipantFacetResolver {
  @Query(() => [ParticipantBucket], {
    description:
      'Participants counted by one to four dimensions, those without an exam among them. Only buckets that hold somebody are given.',
    complexity: ({ args, childComplexity }) => PASS + bucketsOf(args) * childComplexity,
  })
  async participantFacets(
    @Ctx() context: Context,
    @Arg('where', () => ParticipantFilter, WHERE) where: object | null,
    @Arg('by', () => [ParticipantFacetEnum], {
      nullable: true,
      description: 'Facets: with `variables` one to four, all different.',
    })
    by: ParticipantFacet[] | null,
    @Arg('variables', () => [String], {
      nullable: true,
      description: `Further dimensions; what is a visit's or a knee's is named with them: V00INCOME, V00XRKLR. ${VARIABLE_NAME}`,
    })
    names: string[] | null,
    @Arg('totals', () => Boolean, {
      defaultValue: false,
      description: 'Whether to add every total: over one dimension, over two, ..., over all.',
    })
    totals: boolean,
    @Info() info: GraphQLResolveInfo,
  ): Promise<readonly ParticipantBucket[]> {
    requireRole(context, 'ANALYST', 'Counting participants by facets');
    const { dataSource } = context.platform;
    const buckets = await countParticipants(dataSource, {
      ...{ where: await readyFilter(context, where), by: by ?? [], totals },
      variables: await resolveVariables(dataSource, names ?? []),
    });
    return writtenList(context, info, buckets);
  }
}
