import { Field, Int, ObjectType } from 'type-graphql';
import type { ReadingProject } from '../domain/readings.js';
import { isDropped, type Reading } from '../entities/index.js';
import { ReadingProjectEnum } from './enums.js';
import { Grade, gradeList } from './grade.js';
import { Node } from './node.js';

@ObjectType('Reading', {
  implements: Node,
  simpleResolvers: true,
  description: "One reading project's grades of one exam, as published.",
})
export class ReadingNode extends Node {
  @Field(() => ReadingProjectEnum, { description: 'The project that read the film.' })
  project: ReadingProject;

  @Field(() => String, { nullable: true, description: 'Version of the released table.' })
  version: string | null;

  @Field(() => Boolean, {
    description: 'True when a newer release of the readings has it no more. Then it grades no exam.',
  })
  dropped: boolean;

  @Field(() => Int, { nullable: true, description: 'Kellgren-Lawrence grade, 0-4.' })
  kl: number | null;

  @Field(() => [Grade], {
    description: 'The 19 grades as read.',
    complexity: ({ childComplexity }) => 1 + 2 * childComplexity,
  })
  grades: () => Grade[];

  constructor(readonly row: Reading) {
    super('Reading', row.id);
    this.project = row.project;
    this.version = row.version;
    this.dropped = isDropped(row);
    this.kl = row.grades.XRKL;
    this.grades = () => gradeList(row.grades, row.missing);
  }
}
