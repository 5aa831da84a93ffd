import { Field, Int, ObjectType } from 'type-graphql';
import { StorageKindEnum } from './enums.js';
import { LargeInt } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'Where the files are kept, and how much of it is used.' })
export class Storage {
  @Field(() => StorageKindEnum, { description: 'What keeps the files.' })
  kind!: 'DIRECTORY' | 'S3';

  @Field(() => Int, { description: 'Files that the database knows.' })
  assets!: number;

  @Field(() => LargeInt, { description: 'Their size together, in bytes.' })
  bytes!: number;

  @Field(() => LargeInt, { nullable: true, description: 'Most bytes that may be used; null without a quota.' })
  quotaBytes!: number | null;
}
