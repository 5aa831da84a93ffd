import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { EvaluationReference, JointSpaces, ReferenceFigures } from '../domain/evaluations.js';
import type { Sex, Side } from '../domain/participants.js';
import { Evaluation } from './evaluation.js';
import { KneeExam } from './knee-exam.js';
import { MriSeries } from './mri-series.js';

/** A knee exam of an evaluation, as it was when the evaluation was asked for. */
@Entity()
export class EvaluationExam {
  @PrimaryColumn('uuid')
  evaluationId!: string;

  @ManyToOne(() => Evaluation, { onDelete: 'CASCADE' })
  @JoinColumn()
  evaluation!: Relation<Evaluation>;

  @PrimaryColumn('integer')
  examId!: number;

  @ManyToOne(() => KneeExam, { onDelete: 'CASCADE' })
  @JoinColumn()
  exam!: Relation<KneeExam>;

  @Column('integer')
  participantId!: number;

  /** E.g. "1000003 V00 RIGHT": what the seed of the exam is drawn from, and how reports name it. */
  @Column('text')
  label!: string;

  @Column('smallint', { nullable: true })
  kl!: number | null;

  @Column('text')
  side!: Side;

  @Column('text', { nullable: true })
  sex!: Sex | null;

  @Column('boolean')
  phantom!: boolean;

  /** The imported series that volumes are held to. */
  @Column('integer')
  seriesId!: number;

  @ManyToOne(() => MriSeries, { onDelete: 'CASCADE' })
  @JoinColumn()
  series!: Relation<MriSeries>;

  /** Mean correlation of that series' own neighbouring slices, on the 50 slices of the trained stack. */
  @Column('double precision', { nullable: true })
  seriesCorrelation!: number | null;

  /** Joint space of that series; null until it is measured, and in evaluations that did not measure it. */
  @Column('jsonb', { nullable: true })
  jointSpace!: JointSpaces | null;

  /** Scores of the volumes that say nothing, of those that there are; null until they are measured, and for knees beyond the first hundred. */
  @Column('jsonb', { nullable: true })
  referenceFigures!: Partial<Record<EvaluationReference, ReferenceFigures>> | null;
}
