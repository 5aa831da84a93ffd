import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { PageArgs } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import { KneeExamFilter } from '../schema/filters.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { KneePairConnection, KneePairItem, KneePairsInput, KneePairsItem } from '../schema/knee-pairs.js';
import { connectionComplexity, PASS } from '../schema/limits.js';
import { noCursor, type Page, type PageBounds, pageSize } from '../services/paging/index.js';
import { type KneePairs, makePairs, resolvePairs } from '../services/pairs/index.js';
import { connection } from './connection.js';
import type { Context } from './context.js';
import { requireRole } from './context.js';
import { readyFilter } from './filter.js';

@Resolver(() => KneePairsItem)
export class KneePairsResolver {
  @Query(() => KneePairsItem, {
    description:
      'Pairs of knee exams: the two knees of a person that differ, or cases with controls that are near to them. `exportCohort(pairs:)` writes them.',
    complexity: ({ childComplexity }) => 20 * PASS + childComplexity,
  })
  async kneePairs(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, {
      nullable: true,
      description: 'Cases and controls are among these; default: all.',
    })
    where: object | null,
    @Arg('pairing', () => KneePairsInput, { description: 'Which exams are paired, and how.' })
    pairing: KneePairsInput,
  ): Promise<KneePairsItem> {
    requireRole(context, 'ANALYST', 'Reading pairs');
    const { dataSource } = context.platform;
    const request = await resolvePairs(dataSource, pairing, (filter) => readyFilter(context, filter));
    return makePairs(dataSource, request, await readyFilter(context, where)) as Promise<KneePairs & KneePairsItem>;
  }

  @FieldResolver(() => KneePairConnection, {
    description: 'In the order of the cases.',
    complexity: connectionComplexity,
  })
  pairs(
    @Root() made: KneePairsItem,
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<KneePairItem> {
    const { pairs } = made as KneePairsItem & KneePairs;
    return connection(context, {
      page: () => Promise.resolve(pageOf(pairs, page)),
      count: () => Promise.resolve(pairs.length),
      node: (pair) => pair,
    });
  }
}

@Resolver(() => KneePairItem)
export class KneePairResolver {
  @FieldResolver(() => KneeExamNode, { description: 'Exam of the case.' })
  async case(@Root() { caseId }: KneePairItem, @Ctx() { loaders }: Context): Promise<KneeExamNode> {
    return new KneeExamNode(await loaders.kneeExam.load(caseId));
  }

  @FieldResolver(() => KneeExamNode, { description: 'Exam of the control.' })
  async control(@Root() { controlId }: KneePairItem, @Ctx() { loaders }: Context): Promise<KneeExamNode> {
    return new KneeExamNode(await loaders.kneeExam.load(controlId));
  }
}

/** A page of pairs, which are made anew for each: a cursor is the number of a pair. */
function pageOf(pairs: KneePairs['pairs'], bounds: PageBounds): Page<KneePairItem> {
  const { size, backwards } = pageSize(bounds);
  const [after, before] = [numberOf(bounds, 'after') ?? 0, numberOf(bounds, 'before') ?? pairs.length + 1];
  // Numbers count from 1; the pairs at the cursors themselves are not shown.
  const [start, end] = backwards
    ? [Math.max(after, before - 1 - size), before - 1]
    : [after, Math.min(after + size, before - 1)];
  const items = pairs.slice(start, end).map((pair, index) => {
    const number = start + index + 1;
    return { row: { number, ...pair }, related: {}, cursor: Buffer.from(`pair ${number}`).toString('base64url') };
  });
  return { items, hasNextPage: end < pairs.length, hasPreviousPage: start > 0 };
}

/** @throws UserError BAD_USER_INPUT for what is no cursor of pairs */
function numberOf(bounds: PageBounds, argument: 'after' | 'before'): number | undefined {
  const cursor = bounds[argument];
  if (cursor === null || cursor === undefined) return undefined;
  const [, number] = /^pair (\d{1,6})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (number !== undefined) return Number(number);
  throw noCursor(argument);
}
