import { Field, Int, ObjectType } from 'type-graphql';
import type { OutputKind } from '../domain/generation-outputs.js';
import type { GenerationOutput } from '../entities/index.js';
import { OutputKindEnum } from './work-enums.js';

@ObjectType('GenerationOutput', {
  simpleResolvers: true,
  description:
    'A file that a generation was given or has made. What it has made is SYNTHETIC, and says so in the file.',
})
export class GenerationOutputNode {
  @Field(() => OutputKindEnum, { description: 'What it is.' })
  kind: OutputKind;

  @Field(() => Int, { description: '0, 1, 2, ... among those of its kind.' })
  index: number;

  @Field(() => Int, { nullable: true, description: 'Pixels of a column; null for a volume.' })
  rows: number | null;

  @Field(() => Int, { nullable: true, description: 'Pixels of a row; null for a volume.' })
  columns: number | null;

  constructor(readonly row: GenerationOutput) {
    this.kind = row.kind;
    this.index = row.index;
    this.rows = row.rows;
    this.columns = row.columns;
  }
}
