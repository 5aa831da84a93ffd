import { Field, ID, ObjectType } from 'type-graphql';
import { SEARCH_KINDS, type SearchKind } from '../domain/search.js';
import { choices } from './enum-types.js';

const SearchKindEnum = choices('SearchKind', SEARCH_KINDS, 'What a search has found.', {
  PARTICIPANT: 'A participant, by an OAI id that begins so.',
  RADIOGRAPH: 'A film, by a barcode that begins so.',
  MRI_SERIES: 'An MRI series, by a barcode that begins so.',
  COHORT: 'A cohort whose name holds the text; of those that `cohorts` lists.',
  BATCH: 'A batch whose name holds the text.',
  EVALUATION: 'An evaluation whose name holds the text.',
  GENERATION: 'A generation of an exam, by a client key that begins so.',
  TAG: 'A tag of knee exams that holds the text.',
  VARIABLE: 'A variable whose name, label or released column holds each word.',
});

@ObjectType({ simpleResolvers: true, description: 'Something that a search has found.' })
export class SearchHit {
  @Field(() => SearchKindEnum, { description: 'What it is.' })
  kind!: SearchKind;

  @Field(() => ID, { nullable: true, description: 'Node id; null for a tag and a variable.' })
  id!: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of a knee exam that shows it; null where none does.' })
  examId!: string | null;

  @Field(() => String, { description: 'Its id, barcode, key or name.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'What else tells it from others; null where nothing does.' })
  detail!: string | null;
}
