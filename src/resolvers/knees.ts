import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { SIDES, type Side } from '../domain/participants.js';
import type { VisitCode } from '../domain/visits.js';
import { AT_VISITS } from '../schema/arguments.js';
import { VisitCodeEnum } from '../schema/enums.js';
import { JointOutcome } from '../schema/joint-outcome.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { KneeNode } from '../schema/knee.js';
import { listComplexity } from '../schema/limits.js';
import { ParticipantNode } from '../schema/participant.js';
import type { Context } from './context.js';

@Resolver(() => KneeNode)
export class KneeResolver {
  @FieldResolver(() => ParticipantNode, { description: 'Whose knee it is.' })
  async participant(@Root() { participantId }: KneeNode, @Ctx() { loaders }: Context): Promise<ParticipantNode> {
    return new ParticipantNode(await loaders.participant.load(participantId));
  }

  @FieldResolver(() => [KneeExamNode], { description: 'In order of time.', complexity: listComplexity(7) })
  async exams(
    @Root() { participantId, side }: KneeNode,
    @Ctx() { loaders }: Context,
    @Arg('visits', () => [VisitCodeEnum], AT_VISITS) visits: VisitCode[] | null,
  ): Promise<KneeExamNode[]> {
    const exams = await loaders.examsOfParticipant.load(participantId);
    return exams
      .filter((exam) => exam.side === side && (visits?.includes(exam.visitCode) ?? true))
      .map((exam) => new KneeExamNode(exam));
  }

  @FieldResolver(() => JointOutcome, {
    nullable: true,
    description: 'What became of it in the whole study; null where the table of outcomes says nothing of it.',
  })
  outcome(@Root() knee: KneeNode, @Ctx() context: Context): Promise<JointOutcome | null> {
    return outcomeOf(knee, context);
  }

  @FieldResolver(() => KneeNode, { description: 'The other knee of the participant.' })
  otherKnee(@Root() { participantId, side }: KneeNode): KneeNode {
    return new KneeNode(
      participantId,
      Object.values(SIDES).find((other) => other !== side)!,
    );
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
