import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { VolumeFigures } from '../domain/evaluations.js';
import type { GenerationState } from '../domain/generations.js';
import { Evaluation } from './evaluation.js';
import { Generation } from './generation.js';

/** One volume of an evaluation: an arm on an exam. */
@Entity()
@Index(['generationId'])
export class EvaluationScore {
  @PrimaryColumn('uuid')
  evaluationId!: string;

  @ManyToOne(() => Evaluation, { onDelete: 'CASCADE' })
  @JoinColumn()
  evaluation!: Relation<Evaluation>;

  @PrimaryColumn('smallint')
  arm!: number;

  @PrimaryColumn('integer')
  examId!: number;

  /** Null until it is that volume's turn. */
  @Column('uuid', { nullable: true })
  generationId!: string | null;

  @ManyToOne(() => Generation, { nullable: true, onDelete: 'SET NULL' })
  @JoinColumn()
  generation!: Relation<Generation> | null;

  /** True for a volume that was there, or under way, before the evaluation needed it. */
  @Column('boolean', { default: false })
  reused!: boolean;

  /** QUEUED until the volume has ended one way or the other. */
  @Column('text', { default: 'QUEUED' })
  state!: Extract<GenerationState, 'QUEUED' | 'SUCCEEDED' | 'FAILED'>;

  /** Median over the slices, decibels; null until SUCCEEDED, and for a median that is not finite. */
  @Column('double precision', { nullable: true })
  psnr!: number | null;

  @Column('double precision', { nullable: true })
  ssim!: number | null;

  @Column('double precision', { nullable: true })
  rssim!: number | null;

  @Column('double precision', { nullable: true })
  adjacentCorrelation!: number | null;

  /** What the evaluation itself has measured on the volume; null until then, and in evaluations that did not measure it. */
  @Column('jsonb', { nullable: true })
  figures!: VolumeFigures | null;

  /** One sentence that says why there are no scores. */
  @Column('text', { nullable: true })
  error!: string | null;
}
