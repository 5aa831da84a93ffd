import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { StoredKind, VariableTable } from '../domain/variables/index.js';
import type { VisitCode } from '../domain/visits.js';
import { connectionType } from './connections.js';
import { described } from './enum-types.js';
import { VisitCodeEnum } from './enums.js';

const VariableKindEnum = described<StoredKind>(
  'VariableKind',
  'What the values of a variable are, as far as they tell.',
  {
    NONE: 'There is no value yet, only codes of why.',
    NUMBER: 'Numbers.',
    CODE: 'Numbers that stand for words.',
    DATE: 'Days, yyyy-mm-dd.',
    TEXT: 'Words.',
  },
);

export const VariableOwnerEnum = described('VariableOwner', 'Whose a value of a variable is.', {
  PARTICIPANT: "The participant's.",
  VISIT: "The participant's at a visit.",
  KNEE_EXAM: "One knee's at a visit.",
});

@ObjectType({ simpleResolvers: true, description: 'How many values a variable has at a visit.' })
export class VariableCoverage {
  @Field(() => VisitCodeEnum, { nullable: true, description: 'Null for what is known of the participant.' })
  visit!: VisitCode | null;

  @Field(() => Int, { description: 'Values; for a token of role SUMMARY rounded to fives.' })
  filled!: number;

  @Field(() => Int, {
    description:
      'Codes of why there is no value, of a derived variable the exams of which it is not known; for a token of role SUMMARY rounded to fives.',
  })
  missing!: number;
}

@ObjectType('Variable', {
  simpleResolvers: true,
  description: 'Something that is known of participants, visits or knees, or that somebody has derived from it.',
})
export class VariableItem {
  @Field(() => String, { description: 'Its name, without visit and knee.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it is; null where no file says it.' })
  label!: string | null;

  @Field(() => String, { nullable: true, description: 'Unit of its values; null where none is known.' })
  unit!: string | null;

  @Field(() => VariableOwnerEnum, { description: 'Whose its values are.' })
  owner!: string;

  @Field(() => VariableKindEnum, { description: 'What its values are.' })
  kind!: StoredKind;

  @Field(() => String, {
    nullable: true,
    description: 'Field or grade of the API that has it too; null where there is none.',
  })
  field!: string | null;

  @Field(() => [String], {
    description: 'Released tables that it comes from, without the visit; none for a field of the API.',
  })
  tables!: string[];

  @Field(() => [String], {
    description:
      'What may stand after `@` in a name: reading projects or exam types that tell several rows of one knee apart, or versions of a derived variable.',
  })
  readings!: string[];

  @Field(() => [VariableCoverage], {
    description: 'Values by visit; visits without any are left out, and all of them for a token of role SUMMARY.',
  })
  coverage?: VariableCoverage[];

  /** Key of the derived variable that it is. */
  derivedId!: string | null;
}

export const VariableConnection = connectionType('Variable', () => VariableItem);

@ObjectType('VariableValue', {
  simpleResolvers: true,
  description: 'What a participant, visit or knee exam has of a variable.',
})
export class VariableValueItem {
  @Field(() => String, { description: 'The name, as it was asked for.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the variable is.' })
  label!: string | null;

  @Field(() => String, { nullable: true, description: 'Unit of the value.' })
  unit!: string | null;

  @Field(() => String, { nullable: true, description: 'The value as the release has it; null where missing.' })
  value!: string | null;

  @Field(() => Float, { nullable: true, description: 'The value as a number; null for words and days.' })
  number!: number | null;

  @Field(() => String, { nullable: true, description: 'What a coded value stands for.' })
  meaning!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "OAI's code of why there is no value, e.g. `.P`; null where the release is blank.",
  })
  missing!: string | null;

  @Field(() => String, { nullable: true, description: 'What the missing code means.' })
  missingReason!: string | null;

  @Field(() => Boolean, {
    description:
      'Whether there is no value because a newer version of the released table no longer has the row that gave it. Only of ' +
      'variables without a field of their own.',
  })
  dropped!: boolean;
}

/** How the API names the owners. */
export function ownerName(owner: VariableTable): string {
  return owner.toUpperCase();
}
