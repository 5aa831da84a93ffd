import { Field, Int, ObjectType } from 'type-graphql';
import type { VisitCode } from '../domain/visits.js';
import { isDropped, type Visit } from '../entities/index.js';
import { VisitCodeEnum } from './enums.js';
import { Node } from './node.js';
import { addVariables, copyVariables, nodeWith } from './variables.js';

@ObjectType('Visit', { implements: Node, simpleResolvers: true, description: 'One participant at one time point.' })
export class VisitNode extends nodeWith('visit') {
  @Field(() => VisitCodeEnum, { description: 'Time point of the study.' })
  code: VisitCode;

  @Field(() => Int, { description: 'Months after baseline.' })
  month: number;

  @Field(() => Boolean, { description: 'True when a newer release of a table of visits has it no more.' })
  dropped: boolean;

  constructor(readonly row: Visit) {
    super('Visit', row.id);
    this.code = row.code;
    this.month = row.month;
    this.dropped = isDropped(row);
    copyVariables('visit', this, row);
  }
}

addVariables('visit', VisitNode);
