import { Field, Int, ObjectType } from 'type-graphql';
import type { Side } from '../domain/participants.js';
import type { ReadingProject } from '../domain/readings.js';
import type { ExamRelations, KneeExam } from '../entities/index.js';
import { connectionType } from './connections.js';
import { ReadingProjectEnum, SideEnum } from './enums.js';
import { Node } from './node.js';
import { addVariables, copyVariables, nodeWith } from './variables.js';

@ObjectType('KneeExam', {
  implements: Node,
  simpleResolvers: true,
  description: 'One knee of one participant at one visit: the unit of cohorts.',
})
export class KneeExamNode extends nodeWith('knee_exam') {
  @Field(() => SideEnum, { description: 'Which knee it is.' })
  side: Side;

  @Field(() => Int, { nullable: true, description: 'Kellgren-Lawrence grade of the preferred reading, 0-4.' })
  kl: number | null;

  @Field(() => ReadingProjectEnum, { nullable: true, description: 'Project of the reading the grades come from.' })
  preferredProject: ReadingProject | null;

  /** @param related rows that came along with it; what is absent is loaded when it is asked for. */
  constructor(
    readonly row: KneeExam,
    readonly related: ExamRelations = {},
  ) {
    super('KneeExam', row.id);
    this.side = row.side;
    this.kl = row.grades.XRKL;
    this.preferredProject = row.preferredProject as ReadingProject | null;
    copyVariables('knee_exam', this, row);
  }
}

addVariables('knee_exam', KneeExamNode);

export const KneeExamConnection = connectionType('KneeExam', () => KneeExamNode);
