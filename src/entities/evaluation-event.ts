import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Evaluation } from './evaluation.js';

/** One line of an evaluation's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class EvaluationEvent {
  @PrimaryColumn('uuid')
  evaluationId!: string;

  @ManyToOne(() => Evaluation, { onDelete: 'CASCADE' })
  @JoinColumn()
  evaluation!: Relation<Evaluation>;

  @PrimaryColumn('integer')
  seq!: number;

  @Column('text')
  type!: 'STATE_CHANGED' | 'VOLUME_SCORED';

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
