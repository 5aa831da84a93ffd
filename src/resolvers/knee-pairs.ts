import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { AFTER, FIRST } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import { KneeExamFilter } from '../schema/filters.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { KneePairConnection, KneePairItem, KneePairsInput, KneePairsItem } from '../schema/knee-pairs.js';
import { connectionComplexity, PASS } from '../schema/limits.js';
import { type Page, pageSize } from '../services/paging/index.js';
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
    requireRole(context, 'READER', 'Reading pairs');
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
    @Arg('first', () => Int, FIRST) first: number | null,
    @Arg('after', () => String, AFTER) after: string | null,
  ): ConnectionOf<KneePairItem> {
    const { pairs } = made as KneePairsItem & KneePairs;
    return connection(context, {
      page: () => Promise.resolve(pageOf(pairs, first, after)),
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
function pageOf(pairs: KneePairs['pairs'], first: number | null, after: string | null): Page<KneePairItem> {
  const size = pageSize(first);
  const start = after === null || after === undefined ? 0 : numberOf(after);
  const items = pairs.slice(start, start + size).map((pair, index) => {
    const number = start + index + 1;
    return { row: { number, ...pair }, related: {}, cursor: Buffer.from(`pair ${number}`).toString('base64url') };
  });
  return { items, hasNextPage: start + size < pairs.length, hasPreviousPage: start > 0 };
}

/** @throws UserError BAD_USER_INPUT for what is no cursor of pairs */
function numberOf(cursor: string): number {
  const [, number] = /^pair (\d{1,6})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (number !== undefined) return Number(number);
  throw new UserError('BAD_USER_INPUT', 'after is not a cursor; pass the endCursor of the page before.');
}
