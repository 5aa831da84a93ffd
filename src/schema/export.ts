import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { type ArchiveFormat, choiceInApi, type ExportFormat, type ExportState } from '../domain/exports.js';
import type { CompetingEvent, SurvivalEvent } from '../domain/survival.js';
import type { VisitCode } from '../domain/visits.js';
import type { Export } from '../entities/index.js';
import { SplitInput } from './cohort-input.js';
import { connectionType } from './connections.js';
import { VisitCodeEnum } from './enums.js';
import { ArchiveFormatEnum, ExportColumnTypeEnum, ExportFormatEnum, ExportStateEnum } from './work-enums.js';
import { KneeExamFilter, ParticipantFilter } from './filters.js';
import { KneeNumberInput } from './knee-numbers.js';
import { KneePairsInput } from './knee-pairs.js';
import { MriSeriesFilter } from './image-filters.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';
import { CompetingEventEnum, SurvivalEventEnum } from './survival.js';
import { VariableOwnerEnum } from './variable.js';
import { VARIABLE_NAME } from './variables.js';

@ObjectType('SelectedCohort', {
  simpleResolvers: true,
  description: 'A cohort that a filter speaks of, in the version that was read.',
})
export class ExportedCohortItem {
  @Field(() => ID, { description: 'Node id of the cohort.' })
  id!: string;

  @Field(() => Int, { description: 'Number of the version, from 1.' })
  version!: number;

  @Field(() => String, { description: 'As it was called then.' })
  name!: string;
}

@ObjectType('Export', {
  implements: Node,
  simpleResolvers: true,
  description:
    'A file of knee exams, one row per exam, or of participants, or an archive of volumes or of what generations made; written in the background.',
})
export class ExportNode extends Node {
  @Field(() => ExportStateEnum, { description: 'Current state.' })
  state: ExportState;

  @Field(() => ExportFormatEnum, { description: 'How it is written.' })
  format: ExportFormat;

  @Field(() => [String], { description: "Names of the columns, in the file's order; none of an archive." })
  columns: string[];

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'As it can be given to `where`; null selects all.' })
  filter: object | null;

  @Field(() => [ExportedCohortItem], { description: 'Cohorts that the filter speaks of.' })
  cohorts: ExportedCohortItem[];

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'Which series an archive holds: conditions on them, generations or a batch; null for a table.',
  })
  archive: object | null;

  @Field(() => Int, {
    description: 'Exams or participants looked through so far; of an archive, volumes or generations written.',
  })
  done: number;

  @Field(() => Int, {
    description: 'Exams or participants to look through; of an archive, volumes or generations to write.',
  })
  total: number;

  @Field(() => Float, { description: 'How far it is, 0 to 1.' })
  fraction: number;

  @Field(() => Int, { description: 'Rows, volumes or generations written.' })
  rows: number;

  @Field(() => String, { nullable: true, description: 'One sentence that says why it failed.' })
  error: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'One sentence that says why it waits although it could be started, e.g. for the blob store; null otherwise.',
  })
  waitingReason: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'While it waits for something: when it is tried again at the earliest.',
  })
  notBefore: Date | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description:
      'Digest, counts, filter, cohorts and data dictionary of the finished file; of an archive its counts by kind, see `manifestFile`. ' +
      'Stays when the file has expired.',
  })
  manifest: object | null;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When it was first started; null while it waits.', nullable: true })
  startedAt: Date | null;

  @Field(() => DateTime, { description: 'When it reached a final state; null before.', nullable: true })
  finishedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the file is removed.' })
  expiresAt: Date | null;

  constructor(readonly row: Export) {
    super('Export', row.id);
    this.state = row.state;
    this.format = row.format;
    this.columns = row.columns;
    this.filter = row.filter;
    this.cohorts = row.cohorts;
    this.archive = row.archive && choiceInApi(row.archive);
    this.done = row.done;
    this.total = row.total;
    this.fraction = row.state === 'SUCCEEDED' || row.state === 'EXPIRED' ? 1 : row.done / Math.max(row.total, 1);
    this.rows = row.rows;
    this.error = row.error;
    this.waitingReason = row.waitingReason;
    this.notBefore = row.notBefore;
    this.manifest = row.manifest;
    this.createdAt = row.createdAt;
    this.startedAt = row.startedAt;
    this.finishedAt = row.finishedAt;
    this.expiresAt = row.expiresAt;
  }
}

export const ExportConnection = connectionType('Export', () => ExportNode);

@ObjectType('ExportColumn', { simpleResolvers: true, description: 'A column that an export can have.' })
export class ExportColumnItem {
  @Field(() => String, { description: 'As it stands in the file, and as `columns` takes it.' })
  name!: string;

  @Field(() => String, { description: 'Asking for the group asks for all of its columns.' })
  group!: string;

  @Field(() => ExportColumnTypeEnum, { description: 'What its values are.' })
  type!: string;

  @Field(() => VariableOwnerEnum, { description: 'Whose its values are.' })
  owner!: string;

  @Field(() => String, { description: 'What a value of it means.' })
  description!: string;

  @Field(() => String, { description: 'Unit of its values; null where there is none.', nullable: true })
  unit!: string | null;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Every value of a coded column with its meaning.' })
  codes!: object | null;

  @Field(() => Boolean, { description: 'Whether a value can be missing.' })
  nullable!: boolean;

  @Field(() => String, {
    nullable: true,
    description: "The column with OAI's code of why a value is missing; comes with this one.",
  })
  missing!: string | null;
}

@InputType({ description: 'Columns that tell the time from a visit to an event, of the knee of each row.' })
export class ExportEventInput {
  @Field(() => VisitCodeEnum, { defaultValue: 'V00', description: 'The visit that time counts from.' })
  origin!: VisitCode;

  @Field(() => SurvivalEventEnum, { description: 'What is waited for.' })
  event!: SurvivalEvent;

  @Field(() => [CompetingEventEnum], { defaultValue: [], description: 'What ends the risk of it.' })
  competing!: CompetingEvent[];
}

@InputType({ description: 'One row per knee: its exam at one visit, with columns of later visits beside it.' })
export class ExportAsOfInput {
  @Field(() => VisitCodeEnum, { defaultValue: 'V00', description: 'The visit whose exams are the rows.' })
  origin!: VisitCode;

  @Field(() => [VisitCodeEnum], {
    description:
      'Later visits: each column that a visit has values of its own of comes once more for each, as `xrkl_v06`.',
  })
  visits!: VisitCode[];
}

@InputType({ description: 'Without cohort and filter, every knee exam is exported.' })
export class ExportCohortInput {
  @Field(() => ExportFormatEnum, { description: 'How to write it.' })
  format!: ExportFormat;

  @Field(() => ID, { nullable: true, description: 'The cohort whose exams are exported.' })
  cohortId?: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the cohort; default: the newest.' })
  cohortVersion?: number | null;

  @Field(() => KneeExamFilter, { nullable: true, description: 'Further conditions.' })
  where?: object | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'Columns or groups of columns, see `exportColumns`; default: every group but `readings`. The key columns and `phantom` are ' +
      'always there, and a grade comes with the code of why it is missing.',
  })
  columns?: string[] | null;

  @Field(() => ExportEventInput, {
    nullable: true,
    description: 'Of a table: adds the columns `time`, `status`, `competing` and `left_out`.',
  })
  event?: ExportEventInput | null;

  @Field(() => ExportAsOfInput, {
    nullable: true,
    description: 'Of a table: one row per knee instead of one per exam.',
  })
  asOf?: ExportAsOfInput | null;

  @Field(() => [KneeNumberInput], {
    nullable: true,
    description: 'Of a table: changes and slopes that get a column each, and one that says why a number is not known.',
  })
  numbers?: KneeNumberInput[] | null;

  @Field(() => KneePairsInput, {
    nullable: true,
    description:
      'Of a table: only exams in pairs, made among those that are selected, with the columns `pair`, `pair_role` and `pair_distance`.',
  })
  pairs?: KneePairsInput | null;

  @Field(() => SplitInput, {
    nullable: true,
    description: 'Of a table: adds the column `split`, which says which part the participant of each row is in.',
  })
  split?: SplitInput | null;

  @Field(() => [String], {
    nullable: true,
    description: `Variables that get a column each, and one for the code of why a value is missing. ${VARIABLE_NAME}`,
  })
  variables?: string[] | null;

  @Field(() => MriSeriesFilter, {
    nullable: true,
    description:
      'Which series of the exams an archive holds. Without a condition on `synthetic`, those that no bundle generated; ' +
      '`{ synthetic: { isNull: false } }` means both, in folders of their own.',
  })
  series?: object | null;
}

@InputType({ description: 'Without cohort and filter, every participant is exported, examined or not.' })
export class ExportParticipantsInput {
  @Field(() => ExportFormatEnum, { description: 'How to write it: CSV, NDJSON or PARQUET.' })
  format!: ExportFormat;

  @Field(() => ID, { nullable: true, description: 'Only participants who have an exam in this cohort.' })
  cohortId?: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the cohort; default: the newest.' })
  cohortVersion?: number | null;

  @Field(() => ParticipantFilter, { nullable: true, description: 'Further conditions.' })
  where?: object | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'Columns of `exportColumns` whose owner is PARTICIPANT; default: all. `oai_id` and `phantom` are always there.',
  })
  columns?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description:
      "Variables that get a column each, and one for the code of why a value is missing. What is a visit's or a knee's is named with them: " +
      'V00AGE, V00WOMKPR.',
  })
  variables?: string[] | null;
}

@InputType({ description: 'Either generationIds or batchId says what is meant.' })
export class ExportGenerationsInput {
  @Field(() => ArchiveFormatEnum, { description: 'What goes into the archive, and how.' })
  format!: ArchiveFormat;

  @Field(() => [ID], { nullable: true, description: 'Generations that have succeeded; at most 10,000.' })
  generationIds?: string[] | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The batch of which everything that it has made so far is exported.',
  })
  batchId?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Also the series of the same exams that no bundle generated, in a folder of their own.',
  })
  withReal!: boolean;
}
