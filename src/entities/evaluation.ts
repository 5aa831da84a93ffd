import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { EvaluationArm, EvaluationSettings, EvaluationState } from '../domain/evaluations.js';
import { ApiToken } from './api-token.js';
import type { ExportedCohort } from './export.js';

/** Bundles compared on a frozen set of exams: what was asked, how far it is, and what came out. */
@Entity()
@Index(['state', 'createdAt'])
@Index(['requestedById'])
@Index(['comparisonKey'])
export class Evaluation {
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

  /** How often a server has begun to drive it; what a server does counts only while this is the attempt it began. */
  @Column('smallint', { default: 0 })
  attempt!: number;

  /** Sequence number of the newest event. */
  @Column('integer', { default: 0 })
  lastSeq!: number;

  /** One sentence that says why it failed. */
  @Column('text', { nullable: true })
  error!: string | null;

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

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  startedAt!: Date | null;

  /** The server that drives it says so every few seconds; one that has fallen silent has died. */
  @Column('timestamptz', { nullable: true })
  heartbeatAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  finishedAt!: Date | null;
}
