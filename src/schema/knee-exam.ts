import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { Side } from '../domain/participants.js';
import type { ReadingProject } from '../domain/readings.js';
import type { ExamRelations, KneeExam } from '../entities/index.js';
import { connectionType } from './connections.js';
import { ReadingProjectEnum, SideEnum } from './enums.js';
import { Node } from './node.js';

@ObjectType('KneeExam', {
  implements: Node,
  simpleResolvers: true,
  description: 'One knee of one participant at one visit: the unit of cohorts.',
})
export class KneeExamNode extends Node {
  @Field(() => SideEnum, { description: 'Which knee it is.' })
  side: Side;

  @Field(() => Int, { nullable: true, description: 'Kellgren-Lawrence grade of the consensus reading, 0-4.' })
  kl: number | null;

  @Field(() => ReadingProjectEnum, { nullable: true, description: 'Project of the reading the grades come from.' })
  consensusProject: ReadingProject | null;

  @Field(() => Float, { nullable: true, description: '0 (none) to 20.' })
  womacPain: number | null;

  @Field(() => Float, { nullable: true, description: '0 to 68.' })
  womacDisability: number | null;

  @Field(() => Float, { nullable: true, description: '0 to 8.' })
  womacStiffness: number | null;

  @Field(() => Float, { nullable: true, description: '0 to 96.' })
  womacTotal: number | null;

  @Field(() => Float, { nullable: true, description: '0 (worst) to 100.' })
  koosPain: number | null;

  /** @param related rows that came along with it; what is absent is loaded when it is asked for. */
  constructor(
    readonly row: KneeExam,
    readonly related: ExamRelations = {},
  ) {
    super('KneeExam', row.id);
    this.side = row.side;
    this.kl = row.grades.XRKL;
    this.consensusProject = row.consensusProject as ReadingProject | null;
    this.womacPain = row.womacPain;
    this.womacDisability = row.womacDisability;
    this.womacStiffness = row.womacStiffness;
    this.womacTotal = row.womacTotal;
    this.koosPain = row.koosPain;
  }
}

export const KneeExamConnection = connectionType('KneeExam', () => KneeExamNode);
