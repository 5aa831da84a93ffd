import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import type { CohortKind, CohortVisibility, SetOperation } from '../domain/cohorts.js';
import type { Side } from '../domain/participants.js';
import type { SplitMethod } from '../domain/splits.js';
import type { VisitCode } from '../domain/visits.js';
import { encodeId } from '../domain/global-ids.js';
import type { Cohort, CohortOrigin as StoredOrigin, CohortReference, CohortVersion } from '../entities/index.js';
import { connectionType } from './connections.js';
import { SideEnum, VisitCodeEnum } from './enums.js';
import {
  CohortKindEnum,
  CohortOriginKindEnum,
  CohortVisibilityEnum,
  SetOperationEnum,
  SplitMethodEnum,
} from './work-enums.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

@ObjectType('Cohort', {
  implements: Node,
  simpleResolvers: true,
  description: 'A named set of knee exams: frozen ids or a filter, described, owned, versioned, shared.',
})
export class CohortNode extends Node {
  @Field(() => String, { description: 'What its owner calls it.' })
  name: string;

  @Field(() => String, { description: 'What it is for and how it was chosen.' })
  description: string;

  @Field(() => CohortKindEnum, { description: 'Whether its exams are frozen or looked up anew.' })
  kind: CohortKind;

  @Field(() => CohortVisibilityEnum, { description: 'Who may read it.' })
  visibility: CohortVisibility;

  @Field(() => Int, { description: 'Number of the newest version; pass it with a change.' })
  version: number;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When the newest version was made.' })
  updatedAt: Date;

  constructor(readonly row: Cohort) {
    super('Cohort', row.id);
    this.name = row.name;
    this.description = row.description;
    this.kind = row.kind;
    this.visibility = row.visibility;
    this.version = row.version;
    this.createdAt = row.createdAt;
    this.updatedAt = row.updatedAt;
  }
}

@ObjectType('CohortVersion', { simpleResolvers: true, description: 'One version of a cohort; it never changes.' })
export class CohortVersionItem {
  @Field(() => Int, { description: '1, 2, 3, ...' })
  version: number;

  @Field(() => String, { description: 'As it was at this version.' })
  name: string;

  @Field(() => String, { description: 'As it was at this version.' })
  description: string;

  @Field(() => String, { nullable: true, description: 'What changed and why.' })
  note: string | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt: Date;

  constructor(
    readonly row: CohortVersion,
    readonly cohort: Cohort,
  ) {
    this.version = row.version;
    this.name = row.name;
    this.description = row.description;
    this.note = row.note;
    this.createdAt = row.createdAt;
  }
}

@ObjectType({ simpleResolvers: true, description: 'A cohort at one of its versions.' })
export class CohortAtVersion {
  @Field(() => ID, { description: 'Node id of the cohort.' })
  id: string;

  @Field(() => Int, { description: 'Number of the version, from 1.' })
  version: number;

  constructor(reference: CohortReference) {
    this.id = encodeId('Cohort', reference.id);
    this.version = reference.version;
  }
}

@ObjectType({ simpleResolvers: true, description: 'Where the exams of a version came from.' })
export class CohortOrigin {
  @Field(() => CohortOriginKindEnum, { description: 'How they were chosen.' })
  kind: StoredOrigin['kind'];

  @Field(() => [CohortAtVersion], { description: 'Cohorts they were taken from, as they were read.' })
  cohorts: CohortAtVersion[];

  @Field(() => SetOperationEnum, { nullable: true, description: 'COMBINATION only.' })
  operation: SetOperation | null;

  @Field(() => String, { nullable: true, description: 'SPLIT only: name of the part.' })
  part: string | null;

  @Field(() => Float, { nullable: true, description: 'SPLIT only: the part of the participants that was asked for.' })
  fraction: number | null;

  @Field(() => Int, { nullable: true, description: 'SPLIT only.' })
  seed: number | null;

  @Field(() => SplitMethodEnum, { nullable: true, description: 'SPLIT only: what its parts are alike in.' })
  method: SplitMethod | null;

  @Field(() => Int, { nullable: true, description: 'EXAMS only, of named exams: rows that were given.' })
  rows: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'EXAMS only, of named exams: rows that named none and were left out.',
  })
  unknownRows: number | null;

  @Field(() => Int, { nullable: true, description: 'EDIT only: exams that were taken in.' })
  added: number | null;

  @Field(() => Int, { nullable: true, description: 'EDIT only: exams that were left out.' })
  removed: number | null;

  @Field(() => Int, { nullable: true, description: 'EDIT only: the version before.' })
  version: number | null;

  constructor(origin: StoredOrigin) {
    const split = origin.kind === 'SPLIT' ? origin : null;
    const cohorts = split ? [split.of] : 'cohorts' in origin ? origin.cohorts : [];
    this.kind = origin.kind;
    this.cohorts = cohorts.map((reference) => new CohortAtVersion(reference));
    this.operation = origin.kind === 'COMBINATION' ? origin.operation : null;
    this.part = split?.part ?? null;
    this.fraction = split?.fraction ?? null;
    this.seed = split?.seed ?? null;
    this.method = split ? (split.method ?? 'KL') : null;
    const rows = origin.kind === 'EXAMS' ? origin.rows : undefined;
    this.rows = rows?.given ?? null;
    this.unknownRows = rows?.unknown ?? null;
    const edit = origin.kind === 'EDIT' ? origin : undefined;
    this.added = edit?.added ?? null;
    this.removed = edit?.removed ?? null;
    this.version = edit?.of ?? null;
  }
}

@ObjectType({
  simpleResolvers: true,
  description:
    'How many. Null where a token of role SUMMARY asks and the number, or one it could be told from, is under 5.',
})
export class CohortCounts {
  @Field(() => Int, { description: 'Knee exams.', nullable: true })
  exams!: number | null;

  @Field(() => Int, { description: 'Different people behind the exams.', nullable: true })
  participants!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'What one criterion of a filter removed, and what it left.' })
export class AttritionStep {
  @Field(() => String, { description: 'In words, e.g. "age ≥ 50 and age < 70".' })
  criterion!: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'As a filter; null for a token of role SUMMARY.' })
  filter!: Record<string, unknown> | null;

  @Field(() => CohortCounts, { description: 'What this criterion removed of what was left before it.' })
  removed!: CohortCounts;

  @Field(() => CohortCounts, { description: 'What this criterion and those before it left.' })
  remaining!: CohortCounts;
}

@ObjectType({ simpleResolvers: true, description: 'The numbers of an attrition diagram.' })
export class CohortAttrition {
  @Field(() => CohortCounts, { description: 'All knee exams there were.' })
  start!: CohortCounts;

  @Field(() => [AttritionStep], {
    description:
      'In order: `and` as it was given, the fields of one object as in the schema. A participant goes with the last exam.',
  })
  steps!: AttritionStep[];
}

@ObjectType({ simpleResolvers: true, description: 'One part of a cohort that was split.' })
export class CohortPart {
  @Field(() => String, { description: 'As asked for, e.g. "train".' })
  name!: string;

  @Field(() => Float, { description: 'As asked for.' })
  fraction!: number;

  @Field(() => CohortNode, { description: 'The new cohort.' })
  cohort!: CohortNode;

  @Field(() => Int, { description: 'Knee exams in it.' })
  exams!: number;

  @Field(() => Int, { description: 'Different people in it.' })
  participants!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A row that names no knee exam.' })
export class UnknownExam {
  @Field(() => Int, { description: 'Its number among the rows that were given, from 1.' })
  row!: number;

  @Field(() => String, { description: 'As it was given.' })
  oaiId!: string;

  @Field(() => VisitCodeEnum, { description: 'As it was given.' })
  visit!: VisitCode;

  @Field(() => SideEnum, { nullable: true, description: 'As it was given.' })
  side?: Side | null | undefined;

  @Field(() => String, { description: 'One sentence that says what is not there.' })
  reason!: string;
}

export const CohortConnection = connectionType('Cohort', () => CohortNode);
export const CohortVersionConnection = connectionType('CohortVersion', () => CohortVersionItem);
