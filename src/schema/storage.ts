import { Field, Float, Int, ObjectType } from 'type-graphql';
import { StorageKindEnum } from './enums.js';

@ObjectType({ simpleResolvers: true, description: 'Where the files are kept, and how much of it is used.' })
export class Storage {
  @Field(() => StorageKindEnum)
  kind!: 'DIRECTORY' | 'S3';

  @Field(() => Int, { description: 'Files that the database knows.' })
  assets!: number;

  @Field(() => Float, { description: 'Their size together.' })
  bytes!: number;

  @Field(() => Float, { nullable: true, description: 'Most bytes that may be used; null without a quota.' })
  quotaBytes!: number | null;
}
