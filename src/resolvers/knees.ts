import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { FeatureCode } from '../domain/features.js';
import { kneesOf } from '../domain/knees.js';
import { isOaiId, type Side } from '../domain/participants.js';
import type { VisitCode } from '../domain/visits.js';
import { Participant } from '../entities/index.js';
import { AT_VISITS, ORDER_BY, PageArgs, WHERE } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import { FeatureEnum, SideEnum, VisitCodeEnum } from '../schema/enums.js';
import { KneeExamFilter, KneeFilter } from '../schema/filters.js';
import { JointOutcome } from '../schema/joint-outcome.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { KneeConnection, KneeNode, KneeProgressionItem } from '../schema/knee.js';
import { connectionComplexity, filteredComplexity } from '../schema/limits.js';
import { KneeOrder } from '../schema/orders.js';
import type { OrderInput } from '../schema/orders.js';
import { ParticipantNode } from '../schema/participant.js';
import { countSummaryRows } from '../services/aggregates/index.js';
import { KNEES, PARTICIPANTS } from '../services/filters/index.js';
import { countRows, KNEE_LISTING, readPage } from '../services/paging/index.js';
import { progressionsOf } from '../services/timeline/index.js';
import { connection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';
import { nestedExams } from './nested.js';

@Resolver(() => KneeNode)
export class KneeResolver {
  @Query(() => KneeConnection, {
    description:
      'Both knees of every participant, examined or not, the right knee of each before the left. `exams` in `where` selects by visits.',
    complexity: connectionComplexity,
  })
  knees(
    @Ctx() context: Context,
    @Arg('where', () => KneeFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [KneeOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<KneeNode> {
    const { dataSource } = context.platform;
    return connection(context, {
      page: async () => {
        const ready = await readyFilter(context, where);
        return readPage(dataSource, KNEE_LISTING, { where: ready, orderBy, ...page });
      },
      count: async () => countRows(dataSource, KNEES, await readyFilter(context, where)),
      // Twice that of participants: rounded by itself, the number would tell with theirs what either hides.
      summaryCount: async () => {
        const people = await countSummaryRows(dataSource, PARTICIPANTS, where);
        return people && 2 * people;
      },
      node: (keys) => new KneeNode(keys),
    });
  }

  @Query(() => KneeNode, {
    nullable: true,
    description: 'One knee of one participant, examined or not; null when there is no such participant.',
  })
  async knee(
    @Ctx() context: Context,
    @Arg('oaiId', () => String, { description: 'Participant; seven digits.' }) oaiId: string,
    @Arg('side', () => SideEnum, { description: 'Which knee.' }) side: Side,
  ): Promise<KneeNode | null> {
    requireRole(context, 'ANALYST', 'Reading records');
    const person = isOaiId(oaiId) ? await context.platform.dataSource.manager.findOneBy(Participant, { oaiId }) : null;
    return person && new KneeNode({ participantId: person.id, side });
  }

  @FieldResolver(() => ParticipantNode, { description: 'Whose knee it is.' })
  async participant(@Root() { participantId }: KneeNode, @Ctx() { loaders }: Context): Promise<ParticipantNode> {
    return new ParticipantNode(await loaders.participant.load(participantId));
  }

  @FieldResolver(() => [KneeExamNode], { description: 'In order of time.', complexity: filteredComplexity(7) })
  async exams(
    @Root() { participantId, side }: KneeNode,
    @Ctx() context: Context,
    @Arg('visits', () => [VisitCodeEnum], AT_VISITS) visits: VisitCode[] | null,
    @Arg('where', () => KneeExamFilter, WHERE) where: object | null,
  ): Promise<KneeExamNode[]> {
    return nestedExams(context, await context.loaders.examsOfParticipant.load(participantId), { visits, side, where });
  }

  @FieldResolver(() => JointOutcome, {
    nullable: true,
    description: 'What became of it in the whole study; null where the table of outcomes says nothing of it.',
  })
  outcome(@Root() knee: KneeNode, @Ctx() context: Context): Promise<JointOutcome | null> {
    return outcomeOf(knee, context);
  }

  @FieldResolver(() => KneeProgressionItem, {
    description:
      'How one grade of it changed between two visits, and why it has none at the later one where it has none.',
    complexity: ({ childComplexity }) => 2 + childComplexity,
  })
  async progression(
    @Root() knee: KneeNode,
    @Ctx() context: Context,
    @Arg('feature', () => FeatureEnum, { defaultValue: 'XRKL', description: 'The grade, of the preferred reading.' })
    feature: FeatureCode,
    @Arg('from', () => VisitCodeEnum, { defaultValue: 'V00', description: 'The earlier visit.' }) from: VisitCode,
    @Arg('to', () => VisitCodeEnum, { description: 'The later visit.' }) to: VisitCode,
  ): Promise<KneeProgressionItem> {
    const asked = { feature, from, to };
    const progressions = context.progressions.for(asked, (knees) =>
      progressionsOf(context.platform.dataSource, asked, knees),
    );
    return new KneeProgressionItem(await progressions.load({ participantId: knee.participantId, side: knee.side }));
  }

  @FieldResolver(() => KneeNode, { description: 'The other knee of the participant.' })
  otherKnee(@Root() { participantId, side }: KneeNode): KneeNode {
    return new KneeNode(kneesOf(participantId).find((knee) => knee.side !== side)!);
  }
}

/** What the table of outcomes says of a knee. */
export async function outcomeOf(
  { participantId, side }: { participantId: number; side: Side },
  { loaders }: Context,
): Promise<JointOutcome | null> {
  const outcomes = await loaders.jointOutcomesOfParticipant.load(participantId);
  return outcomes.find((one) => one.joint === 'KNEE' && one.side === side) ?? null;
}
