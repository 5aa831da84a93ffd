import { Field, Float, ID, InputType, Int } from 'type-graphql';
import type { CohortKind, CohortVisibility, SetOperation, UnknownExamRule } from '../domain/cohorts.js';
import type { Side } from '../domain/participants.js';
import type { SplitMethod } from '../domain/splits.js';
import type { VisitCode } from '../domain/visits.js';
import { SideEnum, VisitCodeEnum } from './enums.js';
import {
  CohortKindEnum,
  CohortVisibilityEnum,
  SetOperationEnum,
  SplitMethodEnum,
  UnknownExamRuleEnum,
} from './work-enums.js';
import { KneeExamFilter } from './filters.js';

@InputType({ description: 'Two or more cohorts and what to make of them.' })
export class CombineCohortsInput {
  @Field(() => SetOperationEnum, { description: 'What to make of them.' })
  operation!: SetOperation;

  @Field(() => [ID], { description: '2 to 20; the order counts for DIFFERENCE.' })
  cohorts!: string[];
}

@InputType({ description: 'A knee exam by what tables of the release call it.' })
export class ExamNameInput {
  @Field(() => String, { description: 'Participant; seven digits.' })
  oaiId!: string;

  @Field(() => VisitCodeEnum, { description: 'Time point of the study.' })
  visit!: VisitCode;

  @Field(() => SideEnum, { nullable: true, description: 'Which knee; default: both.' })
  side?: Side | null;
}

@InputType({ description: 'Give one of `filter`, `examIds`, `exams` and `combine`.' })
export class CreateCohortInput {
  @Field(() => String, { description: '1 to 200 characters.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What it is for and how it was chosen; up to 10,000 characters.',
  })
  description?: string | null;

  @Field(() => CohortKindEnum, {
    description: 'Whether to freeze the exams or to look them up anew.',
    defaultValue: 'STATIC',
  })
  kind!: CohortKind;

  @Field(() => CohortVisibilityEnum, { description: 'Who may read it.', defaultValue: 'PRIVATE' })
  visibility!: CohortVisibility;

  @Field(() => KneeExamFilter, { nullable: true, description: 'The exams that fit.' })
  filter?: object | null;

  @Field(() => [ID], { nullable: true, description: 'These knee exams, at most 10,000. STATIC only.' })
  examIds?: string[] | null;

  @Field(() => [ExamNameInput], {
    nullable: true,
    description:
      'The knee exams that these rows name, at most 100,000; each counts once. STATIC only. A request of 1,000,000 bytes holds some 20,000 rows: ' +
      'make a cohort of each stretch and put them together by `combine`.',
  })
  exams?: ExamNameInput[] | null;

  @Field(() => UnknownExamRuleEnum, {
    defaultValue: 'REFUSE',
    description: 'What becomes of it where some rows of `exams` name no exam.',
  })
  unknownExams!: UnknownExamRule;

  @Field(() => CombineCohortsInput, { nullable: true, description: 'Other cohorts, put together.' })
  combine?: CombineCohortsInput | null;
}

@InputType({ description: 'Knee exams: give one of `filter`, `examIds` and `exams`.' })
export class ExamSelectionInput {
  @Field(() => KneeExamFilter, { nullable: true, description: 'The exams that fit now.' })
  filter?: object | null;

  @Field(() => [ID], { nullable: true, description: 'These knee exams, at most 10,000.' })
  examIds?: string[] | null;

  @Field(() => [ExamNameInput], {
    nullable: true,
    description: 'The knee exams that these rows name, at most 100,000.',
  })
  exams?: ExamNameInput[] | null;
}

@InputType({
  description:
    'What to change; all else stays. Exams are given anew by one of `filter`, `examIds`, `exams` and `combine`, or some are taken in and left out.',
})
export class UpdateCohortInput {
  @Field(() => ID, { description: 'Node id of the cohort.' })
  id!: string;

  @Field(() => Int, { description: 'The version the change was made from; refused when the cohort has moved on.' })
  version!: number;

  @Field(() => String, { description: 'Its new name, 1 to 200 characters.', nullable: true })
  name?: string | null;

  @Field(() => String, { description: 'Its new description, up to 10,000 characters.', nullable: true })
  description?: string | null;

  @Field(() => String, { nullable: true, description: 'What changes and why, for the history.' })
  note?: string | null;

  @Field(() => KneeExamFilter, { description: 'The filter that its exams come from, from now on.', nullable: true })
  filter?: object | null;

  @Field(() => [ID], { description: 'Its knee exams from now on, at most 10,000. STATIC only.', nullable: true })
  examIds?: string[] | null;

  @Field(() => CombineCohortsInput, {
    description: 'Other cohorts, put together, to take its exams from.',
    nullable: true,
  })
  combine?: CombineCohortsInput | null;

  @Field(() => [ExamNameInput], {
    nullable: true,
    description: 'The knee exams that these rows name, from now on, at most 100,000. STATIC only.',
  })
  exams?: ExamNameInput[] | null;

  @Field(() => ExamSelectionInput, {
    nullable: true,
    description: 'Knee exams to take in; those that are there already stay. STATIC only.',
  })
  add?: ExamSelectionInput | null;

  @Field(() => ExamSelectionInput, {
    nullable: true,
    description: 'Knee exams to leave out, unless `add` takes them in. STATIC only.',
  })
  remove?: ExamSelectionInput | null;

  @Field(() => UnknownExamRuleEnum, {
    defaultValue: 'REFUSE',
    description: 'What becomes of the change where some rows of `exams` name no exam, those of `add` and `remove` too.',
  })
  unknownExams!: UnknownExamRule;
}

@InputType({ description: 'One part that a cohort is split into.' })
export class CohortPartInput {
  @Field(() => String, { description: 'What to call the part, e.g. "train"; it ends the name of the new cohort.' })
  name!: string;

  @Field(() => Float, { description: 'Of the participants, above 0; the fractions add up to 1.' })
  fraction!: number;
}

@InputType({
  description:
    'How participants are told into parts. The same seed on the same exams gives the same parts; further exams of the same participants may give others, ' +
    'so split once and join by `oaiId`.',
})
export class SplitInput {
  @Field(() => [CohortPartInput], { nullable: true, description: 'Default: train 0.7, val 0.15, test 0.15.' })
  parts?: CohortPartInput[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Instead of parts: so many equal ones, `fold 1`, `fold 2`, ...; 2 to 20.',
  })
  folds?: number | null;

  @Field(() => SplitMethodEnum, { defaultValue: 'KL', description: 'What the parts are alike in.' })
  method!: SplitMethod;

  @Field(() => Int, { defaultValue: 0, description: '0 to 2147483647.' })
  seed!: number;
}

@InputType({ description: 'A split of a cohort by participant.' })
export class SplitCohortInput extends SplitInput {
  @Field(() => ID, { description: 'Node id of the cohort.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Which version of it; default: the newest.' })
  version?: number | null;

  @Field(() => CohortVisibilityEnum, { defaultValue: 'PRIVATE', description: 'Of the new cohorts.' })
  visibility!: CohortVisibility;
}
