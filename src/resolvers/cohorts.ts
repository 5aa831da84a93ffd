import type { GraphQLResolveInfo } from 'graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Args, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from 'type-graphql';
import { decodeId, encodeId } from '../domain/global-ids.js';
import type { Cohort, CohortVersion } from '../entities/index.js';
import { idOf, ORDER_BY, WHERE, PageArgs } from '../schema/arguments.js';
import {
  CohortAttrition,
  CohortConnection,
  CohortCounts,
  CohortNode,
  CohortOrigin,
  CohortVersionConnection,
  CohortVersionItem,
} from '../schema/cohort.js';
import { CohortFilter } from '../schema/cohort-filters.js';
import type { ConnectionOf } from '../schema/connections.js';
import { filterAsJson } from '../schema/filter-json.js';
import { KneeExamFilter } from '../schema/filters.js';
import { KneeExamConnection, KneeExamNode } from '../schema/knee-exam.js';
import { connectionComplexity, examsComplexity } from '../schema/limits.js';
import { CohortOrder, KneeExamOrder } from '../schema/orders.js';
import type { KneeExamOrderInput, OrderInput } from '../schema/orders.js';
import {
  COHORT_LISTING,
  COHORT_VERSION_LISTING,
  COHORT_VERSIONS,
  cohortAttrition,
  cohortProblem,
  COHORTS,
  countCohort,
  findCohort,
  inCohort,
  listedFor,
} from '../services/cohorts/index.js';
import { KNEE_EXAMS } from '../services/filters/index.js';
import { countRows, type PageBounds, KNEE_EXAM_LISTING, readPage } from '../services/paging/index.js';
import { shownAttrition, shownCounts } from './cohort-counts.js';
import { connection } from './connection.js';
import { mayChangeCohort } from '../policy/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { wantedOfExams } from './exam-pages.js';
import { readyFilter } from './filter.js';
import { readyOrder } from './order.js';
import { findOrNull } from './node.js';

/** What a count costs that has to be made when it is asked for, in fields. */
const COUNTING = { counts: 300, attrition: 1000, problem: 50 };

@Resolver(() => CohortNode)
export class CohortResolver {
  @Query(() => CohortConnection, {
    description: "The viewer's own cohorts and those shared with every reader, the last changed first.",
    complexity: connectionComplexity,
  })
  cohorts(
    @Ctx() context: Context,
    @Arg('where', () => CohortFilter, WHERE) where: object | null,
    @Arg('mine', () => Boolean, { defaultValue: false, description: "Only the viewer's own." }) mine: boolean,
    @Arg('orderBy', () => [CohortOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<CohortNode> {
    const { dataSource } = context.platform;
    const visible = { and: [listedFor(context.viewer, mine), ...(where ? [where] : [])] };
    return connection(context, {
      page: () => readPage(dataSource, COHORT_LISTING, { where: visible, orderBy, ...page }),
      count: () => countRows(dataSource, COHORTS, visible),
      // How many cohorts there are says nothing about people.
      summaryCount: () => countRows(dataSource, COHORTS, visible),
      node: (row) => new CohortNode(row),
    });
  }

  @Query(() => CohortNode, { nullable: true, description: 'Also one that is shared by link: its id is the link.' })
  async cohort(
    @Ctx() { platform, viewer }: Context,
    @Arg('id', () => ID, idOf('cohort')) id: string,
  ): Promise<CohortNode | null> {
    const decoded = decodeId(id);
    if (decoded?.type !== 'Cohort') return null;
    const found = findCohort(platform.dataSource, viewer, String(decoded.key));
    return findOrNull(found.then((row) => new CohortNode(row)));
  }

  @FieldResolver(() => String, { nullable: true, description: 'Name of the token that made it.' })
  async owner(@Root() { row }: CohortNode, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.ownerId === null ? null : (await loaders.apiToken.load(row.ownerId)).name;
  }

  @FieldResolver(() => Boolean, { description: 'Whether the viewer may change, share and delete it.' })
  canChange(@Root() { row }: CohortNode, @Ctx() { viewer }: Context): boolean {
    return mayChangeCohort(row, viewer);
  }

  @FieldResolver(() => GraphQLJSONObject, {
    nullable: true,
    description: 'As it can be given to `where`. Null when the exams were named.',
  })
  async filter(@Root() { row }: CohortNode, @Ctx() context: Context, @Info() info: GraphQLResolveInfo) {
    return filterOf(context, info, await current(context, row));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'What in the stored filter of a DYNAMIC cohort is no longer valid, in one sentence; null while all of it is.',
    complexity: COUNTING.problem,
  })
  async problem(@Root() { row }: CohortNode, @Ctx() context: Context): Promise<string | null> {
    return cohortProblem(context.platform.dataSource, context.viewer, await current(context, row));
  }

  @FieldResolver(() => CohortOrigin, { description: 'Where the exams of the newest version came from.' })
  async origin(@Root() { row }: CohortNode, @Ctx() context: Context): Promise<CohortOrigin> {
    return originOf(context, await current(context, row));
  }

  @FieldResolver(() => CohortCounts, {
    description: 'Of a STATIC cohort as they were frozen, of a DYNAMIC one as they are.',
    complexity: COUNTING.counts,
  })
  async counts(@Root() { row }: CohortNode, @Ctx() context: Context): Promise<CohortCounts> {
    return countsOf(context, await current(context, row));
  }

  @FieldResolver(() => CohortAttrition, {
    nullable: true,
    description: 'What each criterion of the filter removed, as `counts`. Null when the exams came from no filter.',
    complexity: COUNTING.attrition,
  })
  async attrition(@Root() { row }: CohortNode, @Ctx() context: Context, @Info() info: GraphQLResolveInfo) {
    return attritionOf(context, info, row, await current(context, row));
  }

  @FieldResolver(() => KneeExamConnection, {
    description: "Its knee exams, by a filter and in an order of one's own.",
    complexity: examsComplexity,
  })
  exams(
    @Root() { row }: CohortNode,
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [KneeExamOrder], ORDER_BY) orderBy: KneeExamOrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
    @Info() info: GraphQLResolveInfo,
  ): ConnectionOf<KneeExamNode> {
    return examsOf(context, info, row.id, row.version, { where, orderBy, ...page });
  }

  @FieldResolver(() => CohortVersionConnection, { description: 'The newest first.', complexity: connectionComplexity })
  versions(
    @Root() { row }: CohortNode,
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<CohortVersionItem> {
    const { dataSource } = context.platform;
    const where = { cohort: { eq: encodeId('Cohort', row.id) } };
    return connection(context, {
      page: () => readPage(dataSource, COHORT_VERSION_LISTING, { where, ...page }),
      count: () => countRows(dataSource, COHORT_VERSIONS, where),
      node: (version) => new CohortVersionItem(version, row),
    });
  }
}

@Resolver(() => CohortVersionItem)
export class CohortVersionResolver {
  @FieldResolver(() => String, { nullable: true, description: 'Name of the token that made it.' })
  async createdBy(@Root() { row }: CohortVersionItem, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.createdById === null ? null : (await loaders.apiToken.load(row.createdById)).name;
  }

  @FieldResolver(() => GraphQLJSONObject, {
    description: 'As it can be given to `where`. Null when the exams were named.',
    nullable: true,
  })
  filter(@Root() { row }: CohortVersionItem, @Ctx() context: Context, @Info() info: GraphQLResolveInfo) {
    return filterOf(context, info, row);
  }

  @FieldResolver(() => CohortOrigin, { description: 'Where its exams came from.' })
  origin(@Root() { row }: CohortVersionItem, @Ctx() context: Context): CohortOrigin {
    return originOf(context, row);
  }

  @FieldResolver(() => CohortCounts, {
    description: 'Of a STATIC cohort as they were frozen, of a DYNAMIC one as they are.',
    complexity: COUNTING.counts,
  })
  counts(@Root() { row }: CohortVersionItem, @Ctx() context: Context): Promise<CohortCounts> {
    return countsOf(context, row);
  }

  @FieldResolver(() => CohortAttrition, {
    description: 'What each criterion of the filter removed, as `counts`. Null when the exams came from no filter.',
    nullable: true,
    complexity: COUNTING.attrition,
  })
  attrition(@Root() { row, cohort }: CohortVersionItem, @Ctx() context: Context, @Info() info: GraphQLResolveInfo) {
    return attritionOf(context, info, cohort, row);
  }

  @FieldResolver(() => KneeExamConnection, {
    description: 'The knee exams of this version.',
    complexity: examsComplexity,
  })
  exams(
    @Root() { row }: CohortVersionItem,
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [KneeExamOrder], ORDER_BY) orderBy: KneeExamOrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
    @Info() info: GraphQLResolveInfo,
  ): ConnectionOf<KneeExamNode> {
    return examsOf(context, info, row.cohortId, row.version, { where, orderBy, ...page });
  }
}

interface ExamsRequest extends PageBounds {
  where: object | null;
  orderBy: KneeExamOrderInput[] | null;
}

/** The version that a cohort is at. */
function current({ loaders }: Context, { id }: Cohort): Promise<CohortVersion> {
  return loaders.currentVersionOfCohort.load(id);
}

function filterOf(context: Context, { schema }: GraphQLResolveInfo, { filter }: CohortVersion) {
  requireRole(context, 'ANALYST', "Reading a cohort's filter");
  return filter && filterAsJson(schema, 'KneeExamFilter', filter);
}

function originOf(context: Context, { origin }: CohortVersion): CohortOrigin {
  requireRole(context, 'ANALYST', "Reading a cohort's origin");
  return new CohortOrigin(origin);
}

async function countsOf(context: Context, version: CohortVersion): Promise<CohortCounts> {
  return shownCounts(context, await countCohort(context.platform.dataSource, context.viewer, version));
}

async function attritionOf(
  context: Context,
  { schema }: GraphQLResolveInfo,
  cohort: Cohort,
  version: CohortVersion,
): Promise<CohortAttrition | null> {
  const counts = await cohortAttrition(context.platform.dataSource, cohort, version);
  return counts && shownAttrition(context, schema, counts);
}

/** The exams of a version, which composes with any filter, order and page. */
function examsOf(
  context: Context,
  info: GraphQLResolveInfo,
  id: string,
  version: number,
  { where, orderBy, ...request }: ExamsRequest,
): ConnectionOf<KneeExamNode> {
  requireRole(context, 'ANALYST', 'Reading the exams of a cohort');
  const { dataSource } = context.platform;
  const members = () => readyFilter(context, { and: [inCohort(id, version), ...(where ? [where] : [])] });
  return connection(context, {
    page: async () => {
      const ready = { where: await members(), orderBy: await readyOrder(context, orderBy) };
      return readPage(dataSource, KNEE_EXAM_LISTING, { ...request, ...ready }, wantedOfExams(info));
    },
    count: async () => countRows(dataSource, KNEE_EXAMS, await members()),
    node: (row, related) => new KneeExamNode(row, related),
  });
}
