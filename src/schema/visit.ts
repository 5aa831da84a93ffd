import { Field, Float, Int, ObjectType } from 'type-graphql';
import { GraphQLDate } from 'graphql-scalars';
import type { VisitCode } from '../domain/visits.js';
import type { Visit } from '../entities/index.js';
import { VisitCodeEnum } from './enums.js';
import { Node } from './node.js';

@ObjectType('Visit', { implements: Node, simpleResolvers: true, description: 'One participant at one time point.' })
export class VisitNode extends Node {
  @Field(() => VisitCodeEnum, { description: 'Time point of the study.' })
  code: VisitCode;

  @Field(() => Int, { description: 'Months after baseline.' })
  month: number;

  @Field(() => GraphQLDate, { description: 'Day of the visit.', nullable: true })
  date: string | null;

  @Field(() => Int, { nullable: true, description: 'Years.' })
  age: number | null;

  @Field(() => Float, { nullable: true, description: 'Body mass index, kg/m².' })
  bmi: number | null;

  constructor(readonly row: Visit) {
    super('Visit', row.id);
    this.code = row.code;
    this.month = row.month;
    this.date = row.date;
    this.age = row.age;
    this.bmi = row.bmi;
  }
}
