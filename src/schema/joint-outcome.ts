import { GraphQLDate } from 'graphql-scalars';
import { Field, Int, ObjectType } from 'type-graphql';
import type { Joint, ReplacementConfirmation, ReplacementType } from '../domain/outcomes.js';
import type { Side } from '../domain/participants.js';
import type { VisitCode } from '../domain/visits.js';
import { JointEnum, ReplacementConfirmationEnum, ReplacementTypeEnum, SideEnum, VisitCodeEnum } from './enums.js';

@ObjectType({
  simpleResolvers: true,
  description: 'What became of one knee or hip in the whole study, as its table of outcomes says.',
})
export class JointOutcome {
  @Field(() => JointEnum, { description: 'Knee or hip.' })
  joint!: Joint;

  @Field(() => SideEnum, { description: 'Left or right.' })
  side!: Side;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it had been replaced before the baseline visit.',
  })
  replacedBefore!: boolean | null;

  @Field(() => GraphQLDate, { nullable: true, description: 'Day of a replacement during the study.' })
  date!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether that day is from documents; otherwise it is what the participant told.',
  })
  dateDocumented!: boolean | null;

  @Field(() => Int, { nullable: true, description: 'Days from the baseline visit to the replacement.' })
  days!: number | null;

  @Field(() => ReplacementConfirmationEnum, {
    nullable: true,
    description: 'How sure the replacement is; null where none was reported.',
  })
  confirmation!: ReplacementConfirmation | null;

  @Field(() => ReplacementTypeEnum, { nullable: true, description: 'How much of a knee was replaced.' })
  type!: ReplacementType | null;

  @Field(() => VisitCodeEnum, { nullable: true, description: 'Last contact before the replacement.' })
  visitBefore!: VisitCode | null;

  @Field(() => VisitCodeEnum, { nullable: true, description: 'First contact after the replacement.' })
  visitAfter!: VisitCode | null;
}
