import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { SIDES } from '../domain/participants.js';
import { Participant } from '../entities/index.js';
import type { VisitCode } from '../domain/visits.js';
import { AFTER, AT_VISITS, FIRST, ORDER_BY, WHERE } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import { VisitCodeEnum } from '../schema/enums.js';
import { ParticipantFilter } from '../schema/filters.js';
import { JointOutcome } from '../schema/joint-outcome.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { KneeNode } from '../schema/knee.js';
import { connectionComplexity, listComplexity } from '../schema/limits.js';
import { ParticipantOrder } from '../schema/orders.js';
import type { OrderInput } from '../schema/orders.js';
import { ParticipantConnection, ParticipantNode } from '../schema/participant.js';
import { VisitNode } from '../schema/visit.js';
import { countSummaryRows } from '../services/aggregates/index.js';
import { PARTICIPANTS } from '../services/filters/index.js';
import { countRows, PARTICIPANT_LISTING, readPage } from '../services/paging/index.js';
import { connection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';

@Resolver(() => ParticipantNode)
export class ParticipantResolver {
  @Query(() => ParticipantConnection, { description: 'Subjects of the release.', complexity: connectionComplexity })
  participants(
    @Ctx() context: Context,
    @Arg('where', () => ParticipantFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [ParticipantOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Arg('first', () => Int, FIRST) first: number | null,
    @Arg('after', () => String, AFTER) after: string | null,
  ): ConnectionOf<ParticipantNode> {
    const { dataSource } = context.platform;
    return connection(context, {
      page: async () => {
        const ready = await readyFilter(context, where);
        return readPage(dataSource, PARTICIPANT_LISTING, { where: ready, orderBy, first, after });
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
    requireRole(context, 'READER', 'Reading records');
    if (!/^\d{1,20}$/.test(oaiId)) return null;
    const row = await context.platform.dataSource.getRepository(Participant).findOneBy({ oaiId });
    return row && new ParticipantNode(row);
  }

  @FieldResolver(() => [VisitNode], { description: 'In order of time.', complexity: listComplexity(7) })
  async visits(@Root() { row }: ParticipantNode, @Ctx() { loaders }: Context): Promise<VisitNode[]> {
    return (await loaders.visitsOfParticipant.load(row.id)).map((visit) => new VisitNode(visit));
  }

  @FieldResolver(() => [KneeExamNode], {
    description: 'Of all visits, the right knee of a visit before the left.',
    complexity: listComplexity(14),
  })
  async exams(
    @Root() { row }: ParticipantNode,
    @Ctx() { loaders }: Context,
    @Arg('visits', () => [VisitCodeEnum], AT_VISITS) visits: VisitCode[] | null,
  ): Promise<KneeExamNode[]> {
    const exams = await loaders.examsOfParticipant.load(row.id);
    return exams.filter(({ visitCode }) => visits?.includes(visitCode) ?? true).map((exam) => new KneeExamNode(exam));
  }

  @FieldResolver(() => [KneeNode], { description: 'Right knee before left.', complexity: listComplexity(2) })
  knees(@Root() { row }: ParticipantNode): KneeNode[] {
    return Object.values(SIDES).map((side) => new KneeNode(row.id, side));
  }

  @FieldResolver(() => [JointOutcome], {
    description: 'Knees and hips that the table of outcomes says something of: knees first, right before left.',
    complexity: listComplexity(4),
  })
  jointOutcomes(@Root() { row }: ParticipantNode, @Ctx() { loaders }: Context): Promise<JointOutcome[]> {
    return loaders.jointOutcomesOfParticipant.load(row.id);
  }
}

@Resolver(() => VisitNode)
export class VisitResolver {
  @FieldResolver(() => ParticipantNode, { description: 'Who came.' })
  async participant(@Root() { row }: VisitNode, @Ctx() { loaders }: Context): Promise<ParticipantNode> {
    return new ParticipantNode(await loaders.participant.load(row.participantId));
  }

  @FieldResolver(() => [KneeExamNode], { description: 'Right knee before left.', complexity: listComplexity(2) })
  async exams(@Root() { row }: VisitNode, @Ctx() { loaders }: Context): Promise<KneeExamNode[]> {
    return (await loaders.examsOfVisit.load(row.id)).map((exam) => new KneeExamNode(exam));
  }
}
