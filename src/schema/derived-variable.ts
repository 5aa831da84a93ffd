import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { DERIVED_KINDS, type DerivedKind } from '../domain/variables/index.js';
import type { DerivedVariable, DerivedVariableVersion } from '../entities/index.js';
import { connectionType } from './connections.js';
import { choices } from './enum-types.js';
import { filterInput } from './filter-input.js';
import { KneeExamFilter } from './filters.js';
import { idInput, payloadType } from './mutation-types.js';
import { Node } from './node.js';
import { DateTimeFilter, IdFilter, IntFilter, TextFilter } from './operators.js';
import { DateTime } from './scalars.js';

export const DerivedVariableKindEnum = choices('DerivedVariableKind', DERIVED_KINDS, 'What a derived variable says.', {
  BOOLEAN: '1, Yes, where its filter holds, and 0, No, where it does not.',
  BANDS: 'The number, from 1, and the label of the first band whose filter holds.',
} satisfies Record<DerivedKind, string>);

@ObjectType('DerivedVariable', {
  implements: Node,
  simpleResolvers: true,
  description:
    'A variable of knee exams that somebody has defined by filters. Its name stands wherever that of a variable does, and means its newest version; ' +
    '`name@2` means its second.',
})
export class DerivedVariableNode extends Node {
  @Field(() => String, { description: 'By which filters, facets and exports know it; it never changes.' })
  name: string;

  @Field(() => String, { description: 'What it is, in a few words.' })
  label: string;

  @Field(() => Int, { description: 'Number of the newest version; pass it with a change.' })
  version: number;

  @Field(() => DateTime, { description: 'When it was defined.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When its newest version was made.' })
  updatedAt: Date;

  constructor(readonly row: DerivedVariable) {
    super('DerivedVariable', row.id);
    this.name = row.name;
    this.label = row.label;
    this.version = row.version;
    this.createdAt = row.createdAt;
    this.updatedAt = row.updatedAt;
  }
}

@ObjectType({ simpleResolvers: true, description: 'A band of a derived variable.' })
export class DerivedVariableBand {
  @Field(() => Int, { description: 'Its value: 1 for the first band.' })
  code!: number;

  @Field(() => String, { description: 'What it is called.' })
  label!: string;

  @Field(() => GraphQLJSONObject, { description: 'Filter of the knee exams in it, as it can be given to `where`.' })
  where!: Record<string, unknown>;
}

@ObjectType('DerivedVariableVersion', {
  simpleResolvers: true,
  description: 'One version of a derived variable; it never changes.',
})
export class DerivedVariableVersionItem {
  @Field(() => Int, { description: '1, 2, 3, ...' })
  version: number;

  @Field(() => String, { description: 'As it was at this version.' })
  label: string;

  @Field(() => String, { description: 'As it was at this version.' })
  description: string;

  @Field(() => String, { nullable: true, description: 'What changed and why.' })
  note: string | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt: Date;

  constructor(
    readonly row: DerivedVariableVersion,
    readonly variable: DerivedVariable,
  ) {
    this.version = row.version;
    this.label = row.label;
    this.description = row.description;
    this.note = row.note;
    this.createdAt = row.createdAt;
  }
}

export const DerivedVariableConnection = connectionType('DerivedVariable', () => DerivedVariableNode);
export const DerivedVariableVersionConnection = connectionType(
  'DerivedVariableVersion',
  () => DerivedVariableVersionItem,
);

export const DerivedVariableFilter = filterInput(
  'DerivedVariableFilter',
  'Selects derived variables.',
  () => DerivedVariableFilter,
  {
    id: [IdFilter, 'Node id.'],
    name: [TextFilter, 'Name.'],
    label: [TextFilter, 'Label of the newest version.'],
    version: [IntFilter, 'Number of the newest version.'],
    createdAt: [DateTimeFilter, 'When it was defined.'],
    updatedAt: [DateTimeFilter, 'When its newest version was made.'],
  },
);

@InputType({ description: 'A band of a derived variable.' })
export class DerivedVariableBandInput {
  @Field(() => String, { description: 'What it is called, 1 to 100 characters.' })
  label!: string;

  @Field(() => KneeExamFilter, {
    description: 'The knee exams in it, unless a band before holds them; `{}` in the last band: all that are left.',
  })
  where!: object;
}

const WHERE = {
  nullable: true,
  description:
    'Yes where it holds, no where it does not, missing where it is not known because a value that it compares is missing. Without `inCohort`.',
} as const;

const BANDS = {
  nullable: true,
  description:
    '1 to 50 bands in order: the first whose filter holds counts. Missing where none holds, or where it is not known whether one before holds.',
} as const;

@InputType({ description: 'Give one of `where` and `bands`.' })
export class CreateDerivedVariableInput {
  @Field(() => String, {
    description:
      '2 to 40 letters, digits and underscores, a letter first; unlike every other variable and column. It never changes.',
  })
  name!: string;

  @Field(() => String, { description: 'What it is, in 1 to 100 characters.' })
  label!: string;

  @Field(() => String, { nullable: true, description: 'What it is for and whom it follows; up to 10,000 characters.' })
  description?: string | null;

  @Field(() => KneeExamFilter, WHERE)
  where?: object | null;

  @Field(() => [DerivedVariableBandInput], BANDS)
  bands?: DerivedVariableBandInput[] | null;
}

@InputType({ description: 'What to change; all else stays. A definition is given anew by one of `where` and `bands`.' })
export class UpdateDerivedVariableInput {
  @Field(() => ID, { description: 'Node id of the derived variable.' })
  id!: string;

  @Field(() => Int, { description: 'The version the change was made from; refused when the variable has moved on.' })
  version!: number;

  @Field(() => String, { nullable: true, description: 'Its new label, 1 to 100 characters.' })
  label?: string | null;

  @Field(() => String, { nullable: true, description: 'Its new description, up to 10,000 characters.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: 'What changes and why, for the history.' })
  note?: string | null;

  @Field(() => KneeExamFilter, WHERE)
  where?: object | null;

  @Field(() => [DerivedVariableBandInput], BANDS)
  bands?: DerivedVariableBandInput[] | null;
}

export interface DerivedVariablePayload {
  derivedVariable: DerivedVariableNode;
}
export const CreateDerivedVariablePayload = payloadType<DerivedVariablePayload>('createDerivedVariable', {
  derivedVariable: [() => DerivedVariableNode, 'The new variable, at version 1.'],
});
export const UpdateDerivedVariablePayload = payloadType<DerivedVariablePayload>('updateDerivedVariable', {
  derivedVariable: [() => DerivedVariableNode, 'The variable at its new version.'],
});
export interface DeletedDerivedVariablePayload {
  deletedDerivedVariableId: string;
}
export const DeleteDerivedVariableInput = idInput('deleteDerivedVariable', 'derived variable');
export const DeleteDerivedVariablePayload = payloadType<DeletedDerivedVariablePayload>('deleteDerivedVariable', {
  deletedDerivedVariableId: [() => ID, 'Node id of the derived variable that is gone.'],
});
