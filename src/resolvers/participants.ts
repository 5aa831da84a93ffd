import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { kneeKey, kneesOf } from '../domain/knees.js';
import type { Side } from '../domain/participants.js';
import type { VisitCode } from '../domain/visits.js';
import { Participant } from '../entities/index.js';
import { AT_VISITS, OF_SIDE, ORDER_BY, PageArgs, WHERE } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import { SideEnum, VisitCodeEnum } from '../schema/enums.js';
import { KneeExamFilter, KneeFilter, ParticipantFilter, VisitFilter } from '../schema/filters.js';
import { JointOutcome } from '../schema/joint-outcome.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { KneeNode } from '../schema/knee.js';
import { connectionComplexity, filteredComplexity } from '../schema/limits.js';
import { ParticipantOrder } from '../schema/orders.js';
import type { OrderInput } from '../schema/orders.js';
import { JointOutcomeFilter } from '../schema/outcome-filters.js';
import { ParticipantConnection, ParticipantNode } from '../schema/participant.js';
import { VisitNode } from '../schema/visit.js';
import { countSummaryRows } from '../services/aggregates/index.js';
import { JOINT_OUTCOMES, KNEES, PARTICIPANTS, VISITS } from '../services/filters/index.js';
import { countRows, PARTICIPANT_LISTING, readPage } from '../services/paging/index.js';
import { connection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';
import { nestedExams, thatFit } from './nested.js';

@Resolver(() => ParticipantNode)
export class ParticipantResolver {
  @Query(() => ParticipantConnection, { description: 'Subjects of the release.', complexity: connectionComplexity })
  participants(
    @Ctx() context: Context,
    @Arg('where', () => ParticipantFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [ParticipantOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<ParticipantNode> {
    const { dataSource } = context.platform;
    return connection(context, {
      page: async () => {
        const ready = await readyFilter(context, where);
        return readPage(dataSource, PARTICIPANT_LISTING, { where: ready, orderBy, ...page });
      },
      count: async () => countRows(dataSource, PARTICIPANTS, await readyFilter(context, where)),
      summaryCount: () => countSummaryRows(dataSource, PARTICIPANTS, where),
      node: (row) => new ParticipantNode(row),
    });
  }

  @Query(() => ParticipantNode, { nullable: true, description: 'The subject with this OAI id.' })
  async participant(
    @Ctx() context: Context,
    @Arg('oaiId', () => String, { description: 'Seven digits.' }) oaiId: string,
  ): Promise<ParticipantNode | null> {
    requireRole(context, 'ANALYST', 'Reading records');
    if (!/^\d{1,20}$/.test(oaiId)) return null;
    const row = await context.platform.dataSource.getRepository(Participant).findOneBy({ oaiId });
    return row && new ParticipantNode(row);
  }

  @FieldResolver(() => [VisitNode], { description: 'In order of time.', complexity: filteredComplexity(7) })
  async visits(
    @Root() { row }: ParticipantNode,
    @Ctx() context: Context,
    @Arg('where', () => VisitFilter, WHERE) where: object | null,
  ): Promise<VisitNode[]> {
    const visits = await context.loaders.visitsOfParticipant.load(row.id);
    return (await thatFit(context, { table: VISITS }, where, visits)).map((visit) => new VisitNode(visit));
  }

  @FieldResolver(() => [KneeExamNode], {
    description: 'Of all visits, the right knee of a visit before the left.',
    complexity: filteredComplexity(14),
  })
  async exams(
    @Root() { row }: ParticipantNode,
    @Ctx() context: Context,
    @Arg('visits', () => [VisitCodeEnum], AT_VISITS) visits: VisitCode[] | null,
    @Arg('side', () => SideEnum, OF_SIDE) side: Side | null,
    @Arg('where', () => KneeExamFilter, WHERE) where: object | null,
  ): Promise<KneeExamNode[]> {
    return nestedExams(context, await context.loaders.examsOfParticipant.load(row.id), { visits, side, where });
  }

  @FieldResolver(() => [KneeNode], { description: 'Right knee before left.', complexity: filteredComplexity(2) })
  async knees(
    @Root() { row }: ParticipantNode,
    @Ctx() context: Context,
    @Arg('side', () => SideEnum, OF_SIDE) side: Side | null,
    @Arg('where', () => KneeFilter, WHERE) where: object | null,
  ): Promise<KneeNode[]> {
    const knees = kneesOf(row.id)
      .filter((knee) => side == null || knee.side === side)
      .map((knee) => ({ id: kneeKey(knee), ...knee }));
    return (await thatFit(context, { table: KNEES }, where, knees)).map((knee) => new KneeNode(knee));
  }

  @FieldResolver(() => [JointOutcome], {
    description: 'Knees and hips that the table of outcomes says something of: knees first, right before left.',
    complexity: filteredComplexity(4),
  })
  async jointOutcomes(
    @Root() { row }: ParticipantNode,
    @Ctx() context: Context,
    @Arg('where', () => JointOutcomeFilter, WHERE) where: object | null,
  ): Promise<JointOutcome[]> {
    const outcomes = await context.loaders.jointOutcomesOfParticipant.load(row.id);
    return thatFit(context, { table: JOINT_OUTCOMES }, where, outcomes);
  }
}

@Resolver(() => VisitNode)
export class VisitResolver {
  @FieldResolver(() => ParticipantNode, { description: 'Who came.' })
  async participant(@Root() { row }: VisitNode, @Ctx() { loaders }: Context): Promise<ParticipantNode> {
    return new ParticipantNode(await loaders.participant.load(row.participantId));
  }

  @FieldResolver(() => [KneeExamNode], { description: 'Right knee before left.', complexity: filteredComplexity(2) })
  async exams(
    @Root() { row }: VisitNode,
    @Ctx() context: Context,
    @Arg('side', () => SideEnum, OF_SIDE) side: Side | null,
    @Arg('where', () => KneeExamFilter, WHERE) where: object | null,
  ): Promise<KneeExamNode[]> {
    return nestedExams(context, await context.loaders.examsOfVisit.load(row.id), { side, where });
  }
}
