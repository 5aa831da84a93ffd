import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import {
  EVALUATION_STATES,
  type EvaluationArm,
  type EvaluationSettings,
  type EvaluationState,
} from '../domain/evaluations.js';
import { stateCheck } from '../domain/work.js';
import { ApiToken } from './api-token.js';
import type { ExportedCohort } from './export.js';
import { Work } from './work.js';

/** Bundles compared on a frozen set of exams: what was asked, how far it is, and what came out. */
@Entity()
@Index(['state', 'createdAt'])
@Index(['requestedById'])
@Index(['comparisonKey'])
@Check('evaluation_state', stateCheck(EVALUATION_STATES))
export class Evaluation extends Work {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  state!: EvaluationState;

  /** Digest of arms, exams and settings: asking for the same again finds this row. */
  @Column('text', { unique: true })
  key!: string;

  /** Digest of exams and settings without the arms: figures of evaluations that share it can stand side by side. */
  @Column('text')
  comparisonKey!: string;

  @Column('jsonb')
  arms!: EvaluationArm[];

  @Column('jsonb')
  settings!: EvaluationSettings;

  /** Filter of knee exams as it was asked for; null selects all. Plain json, because jsonb would forget the order. */
  @Column('json', { nullable: true })
  filter!: object | null;

  @Column('jsonb', { default: [] })
  cohorts!: ExportedCohort[];

  @Column('integer')
  examCount!: number;

  @Column('integer')
  participantCount!: number;

  /** Exams of phantoms of the synthetic release among them. */
  @Column('integer')
  phantomCount!: number;

  /** Exams that the filter selects and that were left out: without an MRI to compare with, or without a radiograph. */
  @Column('integer')
  withoutMri!: number;

  @Column('integer')
  withoutRadiograph!: number;

  /** Figures of the finished evaluation. */
  @Column('json', { nullable: true })
  results!: object | null;

  /** Charts and tables of the finished evaluation. */
  @Column('json', { nullable: true })
  report!: object | null;

  @Column('integer', { nullable: true })
  requestedById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn()
  requestedBy!: Relation<ApiToken> | null;
}
