import { Field, Int, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'A version of a released table.' })
export class ReleasedTable {
  @Field(() => String, { description: 'Name of its file, without visit folder and extension, in lower case.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What its column VERSION says; null where it has none.' })
  version!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'A release that records come from.' })
export class Release {
  @Field(() => String, { nullable: true, description: 'What the release calls itself; null where it does not.' })
  name!: string | null;

  @Field(() => Int, { description: 'Imports of it that came to their end and were not taken back.' })
  imports!: number;

  @Field(() => DateTime, { description: 'End of the first of these imports.' })
  firstImportedAt!: Date;

  @Field(() => DateTime, { description: 'End of the last of them.' })
  lastImportedAt!: Date;

  @Field(() => [ReleasedTable], { description: 'Tables that they read something new of, by name and version.' })
  tables!: ReleasedTable[];
}
